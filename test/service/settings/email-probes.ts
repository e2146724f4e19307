import { networkInterfaces } from 'node:os';
import { isEmailConfigured, type KernelSettings, sendEmail } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { withMailServer } from '../setup/mail-server.js';
import type { Probes } from './probe.js';

type EmailSettings = KernelSettings['email'];

const MAIL = { to: 'ada@example.com', subject: 'Probe', html: '<p>Hello</p>', text: 'Hello' };

/** An address of this machine that is not the loopback one; undefined where it has no network at all. */
function outerAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

async function sentWith(email: Partial<EmailSettings>): Promise<string> {
  const received = await withMailServer(async (url) => {
    await openKernel({ email: { smtpUrl: url(), from: 'house@example.com', ...email } });
    expect(await sendEmail(MAIL)).toBe(true);
  });
  expect(received).toHaveLength(1);
  return received[0] ?? '';
}

export const emailProbes: Probes<EmailSettings> = {
  smtpUrl: async () => {
    expect(await sentWith({})).toMatch(/Subject: Probe/);
    expect(isEmailConfigured()).toBe(true);
    await openKernel();
    expect(isEmailConfigured()).toBe(false);
  },
  from: async () => {
    expect(await sentWith({ from: 'Probed Sender <sender@example.com>' })).toMatch(
      /^From: "?Probed Sender"? <sender@example\.com>/m,
    );
  },
  replyTo: async () => {
    expect(await sentWith({ replyTo: 'answers@example.com' })).toMatch(/^Reply-To: .*answers@example\.com/m);
  },
  useTls: async () => {
    const host = outerAddress();
    if (!host)
      return void expect((await openKernel({ email: { useTls: false } })).kernel.settings.email.useTls).toBe(false);
    const refused = await withMailServer(
      async (url) => {
        await openKernel({ email: { smtpUrl: url(host), from: 'house@example.com' } });
        expect(await sendEmail(MAIL).catch(() => false)).toBe(false);
      },
      { host },
    );
    const sent = await withMailServer(
      async (url) => {
        await openKernel({ email: { smtpUrl: url(host), from: 'house@example.com', useTls: false } });
        expect(await sendEmail(MAIL)).toBe(true);
      },
      { host },
    );
    expect([refused.length, sent.length]).toEqual([0, 1]);
  },
};
