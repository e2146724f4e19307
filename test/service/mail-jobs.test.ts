import { once } from 'node:events';
import { dbContext, queueEmail } from 'app-kernel';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPeople, type People } from '../setup/people.js';

let server: SMTPServer;
let world: People;
const received: string[] = [];
let refusals = 0;

/** A mail server that turns the first `refusals` mails away for the moment. */
beforeEach(async () => {
  received.length = 0;
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, callback) {
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      stream.on('end', () => {
        refusals -= 1;
        if (refusals >= 0) return callback(Object.assign(new Error('busy'), { responseCode: 451 }));
        received.push(text);
        return callback();
      });
    },
  });
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  const smtp = { smtpUrl: `smtp://127.0.0.1:${port}`, emailFrom: 'house@example.com' };
  world = await openPeople({ ...smtp, tasks: { other: () => {} } });
});

afterEach(async () => {
  await world.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

it('where workers run, a mail that the server turned away is tried again', async () => {
  refusals = 1;
  await world.join('ada', { isVerified: false });
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
  expect(received[0]).toContain('Subject: Confirm your e-mail address');
  expect(refusals).toBe(-1);
});

it('the queue holds no token that could be read', async () => {
  refusals = 0;
  await world.join('ada', { isVerified: false });
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
  const token = /Your code: ([\w-]+)/.exec(received[0]?.replace(/=\r?\n/g, '') ?? '')?.[1] ?? '';
  expect(token).toHaveLength(43);
  const { client } = world.service.kernel.redis;
  const dump: unknown[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    if (type === 'hash') dump.push(await client.hgetall(key));
    if (type === 'list') dump.push(await client.lrange(key, 0, -1));
    if (type === 'string') dump.push(await client.get(key));
  }
  const text = JSON.stringify(dump);
  expect(text).toContain('kernel.send_mail');
  expect(text).not.toContain(token);
  expect(text).not.toContain('ada@example.com');
});

it('mails of one’s own go the same way, with their attachments, and only with the transaction they belong to', async () => {
  refusals = 1;
  const mail = { to: 'bob@example.com', subject: 'Report', text: 'see file' };
  const rolledBack = dbContext(async () => {
    await queueEmail({ ...mail, subject: 'Never' });
    throw new Error('on purpose');
  });
  await expect(rolledBack).rejects.toThrow('on purpose');
  await queueEmail({ ...mail, attachments: [{ filename: 'a.bin', content: Buffer.from([0, 255, 7]) }] });
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1);
  expect(received[0]).toContain('Subject: Report');
  expect(received[0]).toContain(Buffer.from([0, 255, 7]).toString('base64'));
  await expect(queueEmail({ ...mail, to: 'no address' })).rejects.toMatchObject({ code: 'E_VALIDATION' });
});
