import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../src/base/errors.js';
import { DatabaseSessionStore, KernelUserStore } from '../../src/features/auth/index.js';
import { AUTH_BACKENDS, me, openTestAuth, PASSWORD, signIn, signUp, type TestAuth } from '../features/auth/harness.js';

const NEW_PASSWORD = 'nine loud herons';
const [database] = AUTH_BACKENDS;

describe('row 9: a password change that breaks off in between', () => {
  let test: TestAuth;
  const change = (token: string) =>
    test.app.send('POST', '/auth/change-password', {
      token,
      body: { old_password: PASSWORD, new_password: NEW_PASSWORD },
    });
  const fail = () => Promise.reject(new ConnectionError('the database went away'));

  beforeEach(async () => {
    if (database) test = await openTestAuth(database);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  it('never leaves the new password beside the sessions of a thief', async () => {
    const owner = await signUp(test.app, 'ada@example.com');
    const thief = await signIn(test.app, 'ada@example.com');
    vi.spyOn(DatabaseSessionStore.prototype, 'revokeUser').mockImplementationOnce(fail);

    expect((await change(owner.access)).status).toBe(503);

    // Nothing was changed, so that the owner can do it again, and then it holds.
    await signIn(test.app, 'ada@example.com', PASSWORD);
    expect((await change(owner.access)).status).toBe(200);
    expect(await me(test.app, thief.access)).toBe(401);
    await signIn(test.app, 'ada@example.com', NEW_PASSWORD);
  });

  it('has ended the other sessions when the password could not be stored', async () => {
    const owner = await signUp(test.app, 'bob@example.com');
    const thief = await signIn(test.app, 'bob@example.com');
    vi.spyOn(KernelUserStore.prototype, 'updatePassword').mockImplementationOnce(fail);

    expect((await change(owner.access)).status).toBe(503);

    expect(await me(test.app, thief.access)).toBe(401);
    expect(await me(test.app, owner.access)).toBe(200);
  });

  it('ends what was opened with the old password while the new one was stored', async () => {
    const owner = await signUp(test.app, 'cyd@example.com');
    const store = KernelUserStore.prototype.updatePassword;
    let late: string | undefined;
    vi.spyOn(KernelUserStore.prototype, 'updatePassword').mockImplementationOnce(async function (
      this: KernelUserStore,
      ...given
    ) {
      late = (await signIn(test.app, 'cyd@example.com')).access;
      return store.apply(this, given);
    });

    expect((await change(owner.access)).status).toBe(200);

    expect(await me(test.app, late ?? '')).toBe(401);
    expect(await me(test.app, owner.access)).toBe(200);
  });
});
