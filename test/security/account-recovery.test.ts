import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';

let world: People;
let ada: Person;

beforeEach(async () => {
  world = await openPeople();
  ada = await world.join('ada', { isVerified: false });
  await expect.poll(() => world.mails().length).toBe(1);
});

afterEach(() => world.close());

it('asking for a new password says the same of an account, of none and of a disabled one', async () => {
  const bob = await world.join('bob', { isVerified: false });
  await world.service.kernel.auth.accounts.setActive(bob.id, false);
  const answers = await Promise.all(
    [ada.email, bob.email, 'nobody@example.com'].map((email) => world.send('POST', '/auth/forgot-password', { email })),
  );
  const visible = answers.map(({ status, body }) => JSON.stringify([status, body]));
  expect(new Set(visible).size).toBe(1);
  await expect.poll(() => world.mails().filter(({ subject }) => subject === 'Set a new password')).toHaveLength(1);
});

it('nobody’s mailbox is filled by asking again and again', async () => {
  for (let turn = 0; turn < 9; turn++) await world.send('POST', '/auth/forgot-password', { email: ada.email });
  await world.send('POST', '/auth/forgot-password', { email: 'nobody@example.com' });
  await expect.poll(() => world.mails().filter(({ subject }) => subject === 'Set a new password').length).toBe(5);
});

it('one caller cannot have mails sent to many', async () => {
  const answers = [];
  for (let turn = 0; turn < 11; turn++) {
    answers.push((await world.send('POST', '/auth/forgot-password', { email: `p${turn}@example.com` })).status);
  }
  expect(answers).toEqual([...Array(10).fill(200), 429]);
});

it('tokens are kept as hashes, and one purpose’s token is no other’s', async () => {
  await world.send('POST', '/auth/forgot-password', { email: ada.email });
  await expect.poll(() => world.mails().length).toBe(2);
  const token = /Your code: (\S+)/.exec(world.mails().at(-1)?.text ?? '')?.[1] ?? '';
  expect(token).toMatch(/^[\w-]{43}$/);
  const { database } = world.service.kernel;
  expect(JSON.stringify(await database.query('SELECT * FROM kernel_auth_tokens'))).not.toContain(token);
  expect((await world.send('POST', '/auth/verify-email', { token })).status).toBe(400);
  expect((await world.send('POST', '/auth/reset-password', { token, password: 'nine loud herons' })).status).toBe(200);
});

it('who changes the password ends a reset that is under way', async () => {
  await world.send('POST', '/auth/forgot-password', { email: ada.email });
  await expect.poll(() => world.mails().length).toBe(2);
  const token = /Your code: (\S+)/.exec(world.mails().at(-1)?.text ?? '')?.[1] ?? '';
  const passwords = { old_password: ada.password, new_password: 'ten sly herons' };
  expect((await ada.send('POST', '/auth/change-password', passwords)).status).toBe(200);
  expect((await world.send('POST', '/auth/reset-password', { token, password: 'nine loud herons' })).status).toBe(400);
});

it('links are never made of the host that a request names', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
  await world.send('POST', '/auth/forgot-password', { email: ada.email }, undefined, headers);
  await expect.poll(() => world.mails().length).toBe(2);
  expect(JSON.stringify(world.mails())).not.toContain('evil');
});

it('a new password does not come into being beside an old session', async () => {
  const { sessions } = world.service.kernel.auth;
  await world.send('POST', '/auth/forgot-password', { email: ada.email });
  await expect.poll(() => world.mails().length).toBe(2);
  const token = /Your code: (\S+)/.exec(world.mails().at(-1)?.text ?? '')?.[1] ?? '';
  await world.send('POST', '/auth/reset-password', { token, password: 'nine loud herons' });
  expect(await sessions.liveOf(ada.id)).toEqual([]);
});
