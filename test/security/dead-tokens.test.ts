import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../src/base/errors.js';
import {
  createAccessToken,
  DatabaseSessionStore,
  KernelAuthUser,
  KernelUserStore,
} from '../../src/features/auth/index.js';
import { AUTH_BACKENDS, me, openTestAuth, SECRET, signUp, type TestAuth } from '../features/auth/harness.js';

const [database] = AUTH_BACKENDS;
let test: TestAuth;

beforeEach(async () => {
  if (database) test = await openTestAuth(database);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await test.close();
});

it('a token that has ended cannot be used to keep the database busy', async () => {
  const { access } = await signUp(test.app);
  await test.app.send('POST', '/auth/logout', { token: access });
  const orphan = createAccessToken({ userId: 'nobody', secret: SECRET, clock: test.clock });
  const reads = [vi.spyOn(KernelUserStore.prototype, 'getById'), vi.spyOn(DatabaseSessionStore.prototype, 'get')];

  for (let call = 0; call < 20; call++) {
    expect(await me(test.app, access)).toBe(401);
    expect(await me(test.app, orphan)).toBe(401);
  }

  expect(reads.map((read) => read.mock.calls.length)).toEqual([2, 1]);
});

it('an outage is not remembered: the token is good again as soon as the store answers', async () => {
  const { access } = await signUp(test.app);
  vi.spyOn(KernelAuthUser, 'findOne').mockRejectedValueOnce(new ConnectionError('away'));

  expect(await me(test.app, access)).toBe(503);
  expect(await me(test.app, access)).toBe(200);
});
