import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionStore } from '../../src/features/auth/index.js';
import { createRouter } from '../../src/http/index.js';
import {
  type Answer,
  AUTH_BACKENDS,
  me,
  openTestAuth,
  PASSWORD,
  refresh,
  signIn,
  signUp,
  type TestAuth,
} from '../features/auth/harness.js';

const routers = [createRouter({ prefix: '/admin' }).get('', { auth: 'admin' }, () => ({ ok: true }))];
const NEW_PASSWORD = 'nine loud herons';

for (const backend of AUTH_BACKENDS) {
  describe(`sessions that must end (${backend.name})`, () => {
    let test: TestAuth;
    const changePassword = (token: string, old_password: string) =>
      test.app.send('POST', '/auth/change-password', { token, body: { old_password, new_password: NEW_PASSWORD } });

    beforeEach(async () => {
      test = await openTestAuth(backend, { routers });
    });

    afterEach(async () => {
      vi.restoreAllMocks();
      await test.close();
    });

    it('row 6: a refresh token that comes back ends the newest one too', async () => {
      const first = await signUp(test.app);
      const second = await refresh(test.app, first.refresh);
      const third = await refresh(test.app, second.body.refresh_token);
      test.clock.advance(60_000);
      expect((await refresh(test.app, first.refresh)).status).toBe(401);
      expect((await refresh(test.app, third.body.refresh_token)).status).toBe(401);
      for (const token of [first.access, second.body.access_token, third.body.access_token]) {
        expect(await me(test.app, token)).toBe(401);
      }
    });

    it('row 6: the family of another session lives on', async () => {
      const first = await signUp(test.app, 'two@example.com');
      const other = await signIn(test.app, 'two@example.com');
      await refresh(test.app, first.refresh);
      test.clock.advance(60_000);
      await refresh(test.app, first.refresh);
      expect((await refresh(test.app, other.refresh)).status).toBe(200);
    });

    it('row 7: of 50 parallel uses of one refresh token at most one leaves a live child', async () => {
      const first = await signUp(test.app);
      const instances = [test.app, test.secondInstance()];
      const answers: Answer[] = await Promise.all(
        Array.from({ length: 50 }, (_, index) => refresh(instances[index % 2] ?? test.app, first.refresh)),
      );
      const children = answers.filter(({ status }) => status === 200);
      expect(children).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(49);
      expect((await refresh(test.app, children[0]?.body.refresh_token)).status).toBe(200);
    });

    it('row 8: logout ends access and refresh, here at once and elsewhere within a second', async () => {
      const elsewhere = test.secondInstance();
      const { access, refresh: token } = await signUp(test.app);
      expect([await me(test.app, access), await me(elsewhere, access)]).toEqual([200, 200]);
      await test.app.send('POST', '/auth/logout', { token: access });
      expect(await me(test.app, access)).toBe(401);
      expect((await refresh(elsewhere, token)).status).toBe(401);
      test.clock.advance(999);
      expect(await me(elsewhere, access)).toBe(401);
      expect(await me(test.secondInstance(), access)).toBe(401);
    });

    it('row 8: a session that was ended stays ended, whatever Redis forgets', async () => {
      const ended = await signUp(test.app);
      const live = await signUp(test.app);
      await test.app.send('POST', '/auth/logout', { token: ended.access });
      await test.forgetAll?.();
      const restarted = test.secondInstance();
      expect(await me(restarted, ended.access)).toBe(401);
      expect((await refresh(restarted, ended.refresh)).status).toBe(401);
      expect(await me(restarted, live.access)).toBe(test.forgetAll ? 401 : 200);
    });

    it('row 8: a refresh that is under way does not survive the logout', async () => {
      const { access, refresh: token } = await signUp(test.app);
      const [child] = await Promise.all([
        refresh(test.app, token),
        test.app.send('POST', '/auth/logout', { token: access }),
      ]);
      if (child.status !== 200) return expect(child.status).toBe(401);
      expect(await me(test.app, child.body.access_token)).toBe(401);
      expect((await refresh(test.app, child.body.refresh_token)).status).toBe(401);
    });

    it('row 9: changing the password needs the current one', async () => {
      const { access } = await signUp(test.app, 'ada@example.com');
      expect((await changePassword(access, 'wrong password')).status).toBe(400);
      await signIn(test.app, 'ada@example.com', PASSWORD);
    });

    it('row 9: changing the password ends every other session', async () => {
      const mine = await signUp(test.app, 'ada@example.com');
      const thief = await signIn(test.app, 'ada@example.com');
      expect(await me(test.app, thief.access)).toBe(200);
      expect((await changePassword(mine.access, PASSWORD)).status).toBe(200);
      expect(await me(test.app, thief.access)).toBe(401);
      expect((await refresh(test.app, thief.refresh)).status).toBe(401);
      expect(await me(test.app, mine.access)).toBe(200);
      expect((await refresh(test.app, mine.refresh)).status).toBe(200);
    });

    it('row 9: a sign-in that checked the old password just before the change leaves no session', async () => {
      const mine = await signUp(test.app, 'ada@example.com');
      const stores = Object.getPrototypeOf(test.sessionStore) as SessionStore;
      const { create } = stores;
      let change: Promise<Answer> | undefined;
      vi.spyOn(stores, 'create').mockImplementation(async function (this: SessionStore, session) {
        change ??= changePassword(mine.access, PASSWORD);
        await change;
        return create.call(this, session);
      });
      const body = { username: 'ada@example.com', password: PASSWORD };
      expect((await test.app.send('POST', '/auth/login', { body })).status).toBe(401);
      expect((await change)?.status).toBe(200);
    });

    it('row 9: renewing an old hash at sign-in never undoes a password change', async () => {
      const { userId } = await signUp(test.app, 'ada@example.com');
      const user = await test.userStore.getById(userId);
      expect(await test.userStore.replacePasswordHash(userId, 'a hash that is no longer there', 'the old one')).toBe(
        false,
      );
      expect((await test.userStore.getById(userId))?.passwordHash).toBe(user?.passwordHash);
    });

    it('row 10: a disabled user’s live tokens are refused within a second, and sign-in and refresh at once', async () => {
      const { access, refresh: token, userId } = await signUp(test.app, 'ada@example.com');
      expect(await me(test.app, access)).toBe(200);
      await test.userStore.setActive(userId, false);
      test.clock.advance(999);
      expect(await me(test.app, access)).toBe(401);
      expect((await refresh(test.app, token)).status).toBe(401);
      const body = { username: 'ada@example.com', password: PASSWORD };
      expect((await test.app.send('POST', '/auth/login', { body })).status).toBe(401);
    });

    it('row 10: a demoted admin loses the power within a second, whatever the token says', async () => {
      const { userId } = await signUp(test.app, 'ada@example.com');
      await test.userStore.setRole(userId, 'admin');
      const { access } = await signIn(test.app, 'ada@example.com');
      const admin = async () => (await test.app.send('GET', '/admin', { token: access })).status;
      expect(await admin()).toBe(200);
      await test.userStore.setRole(userId, 'user');
      test.clock.advance(999);
      expect(await admin()).toBe(403);
    });

    it('row 10: where the change is made, it can be made to count at once', async () => {
      const { access, userId } = await signUp(test.app);
      expect(await me(test.app, access)).toBe(200);
      await test.userStore.setActive(userId, false);
      test.auth.state.forgetUser(userId);
      expect(await me(test.app, access)).toBe(401);
    });
  });
}
