import { type ServiceOptions, sendEmail } from 'app-kernel';
import { expect } from 'vitest';
import { startedService } from '../setup/fresh-service.js';
import { withMailServer } from '../setup/mail-server.js';
import type { Probes } from './probe.js';

const MAIL = { to: 'ada@example.com', subject: 'Probe', html: '<p>Hello</p>', text: 'Hello' };

async function sent(options: (url: string) => Partial<ServiceOptions>): Promise<string> {
  const received = await withMailServer(async (url) => {
    await startedService(options(url()));
    expect(await sendEmail(MAIL)).toBe(true);
  });
  return received.join('\n');
}

export const emailOptionProbes: Probes<Pick<ServiceOptions, 'smtpUrl' | 'emailFrom'>> = {
  smtpUrl: async () => {
    expect(await sent((smtpUrl) => ({ smtpUrl, emailFrom: 'house@example.com' }))).toMatch(/Subject: Probe/);
  },
  emailFrom: async () => {
    expect(await sent((smtpUrl) => ({ smtpUrl, emailFrom: 'probed@example.com' }))).toMatch(
      /^From: .*probed@example\.com/m,
    );
  },
};
