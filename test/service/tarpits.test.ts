import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { getJobClient, queueEmail } from 'app-kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Browser } from '../features/oauth/provider.js';
import { openPeople, type People } from '../setup/people.js';

const PATIENCE = { timeout: 10_000, interval: 10 };
/** More a minute are turned away. */
const CALLBACKS = 15;

/** A server that takes connections, and what comes over them, and never says a word. */
let tarpit: Server;
let sockets: Set<Socket>;
let port: number;
let world: People;

beforeEach(async () => {
  sockets = new Set();
  tarpit = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.resume();
  });
  tarpit.listen(0, '127.0.0.1');
  await once(tarpit, 'listening');
  port = (tarpit.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  tarpit.close();
  await world.close();
});

it('a mail server that hangs leaves room for other jobs', async () => {
  const done: unknown[] = [];
  const smtp = { smtpUrl: `smtp://127.0.0.1:${port}`, emailFrom: 'house@example.com' };
  world = await openPeople({ ...smtp, tasks: { other: (data) => void done.push(data) }, shutdownTimeoutMs: 500 });
  for (let mail = 0; mail < 10; mail++) await queueEmail({ to: 'bob@example.com', subject: 'Hello', text: `${mail}` });
  await expect.poll(() => sockets.size, PATIENCE).toBe(3);
  for (let job = 0; job < 20; job++) await getJobClient().enqueue('other', job);
  await expect.poll(() => done.length, PATIENCE).toBe(20);
  expect(sockets.size).toBe(3);
});

it('a provider that hangs is waited for ten seconds, and by nobody but those who come from there', async () => {
  world = await openPeople({
    oauthGoogle: ['client', 'secret'],
    oauthEndpoints: { google: { token: `http://127.0.0.1:${port}/token` } },
    publicUrl: 'https://api.example',
    oauthRedirectUrls: ['https://app.example/in'],
  });
  const callbacks = Array.from({ length: CALLBACKS }, async () => {
    const browser = new Browser(world);
    const state = new URL(await browser.start('google')).searchParams.get('state');
    const { status, headers } = await browser.get(`/auth/oauth/google/callback?code=c&state=${state}`);
    return [status, headers.get('location')];
  });
  await expect.poll(() => sockets.size, PATIENCE).toBe(CALLBACKS);
  const ada = await world.join('ada');
  expect((await ada.send('GET', '/auth/me')).status).toBe(200);
  expect(sockets.size).toBe(CALLBACKS);
  const refused = [307, expect.stringMatching(/^https:\/\/app\.example\/in\?error=/)];
  expect(await Promise.all(callbacks)).toEqual(Array.from({ length: CALLBACKS }, () => refused));
}, 30_000);
