import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createAccessToken,
  createRefreshToken,
  decodeToken,
  type SessionStore,
} from '../../../src/features/auth/index.js';
import { AUTH_BACKENDS, me, openTestAuth, refresh, SECRET, signIn, signUp, type TestAuth } from './harness.js';

const RACED = 'Refresh token was used a moment ago; use the tokens of that answer';

for (const backend of AUTH_BACKENDS) {
  describe(`sessions (${backend.name})`, () => {
    let test: TestAuth;

    beforeEach(async () => {
      test = await openTestAuth(backend);
    });

    afterEach(async () => {
      vi.restoreAllMocks();
      await test.close();
    });

    it('a refresh answers a new pair of tokens for the same session', async () => {
      const first = await signUp(test.app);
      const { status, body } = await refresh(test.app, first.refresh);
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: 'bearer', expires_in: 900 });
      expect([body.access_token, body.refresh_token]).not.toContain(first.refresh);
      const [before, after] = [first.access, body.access_token].map((token) =>
        decodeToken(token, { secret: SECRET, clock: test.clock }),
      );
      expect(after?.sessionId).toBe(before?.sessionId);
      expect(await me(test.app, body.access_token)).toBe(200);
    });

    it('the loser of a race gets nothing, and the winner stays signed in', async () => {
      const first = await signUp(test.app);
      const winner = await refresh(test.app, first.refresh);
      test.clock.advance(9_000);
      const loser = await refresh(test.app, first.refresh);
      expect([loser.status, loser.body.detail]).toEqual([401, RACED]);
      expect((await refresh(test.app, winner.body.refresh_token)).status).toBe(200);
    });

    it('the same token more than ten seconds later ends the session', async () => {
      const first = await signUp(test.app);
      const winner = await refresh(test.app, first.refresh);
      test.clock.advance(10_001);
      expect((await refresh(test.app, first.refresh)).body.detail).toBe('Session has ended');
      expect((await refresh(test.app, winner.body.refresh_token)).status).toBe(401);
      expect(await me(test.app, winner.body.access_token)).toBe(401);
      expect(test.events.at(-1)).toMatchObject({ type: 'refresh_reused', userId: first.userId });
    });

    it('an older token ends the session also within ten seconds', async () => {
      const first = await signUp(test.app);
      const second = await refresh(test.app, first.refresh);
      const third = await refresh(test.app, second.body.refresh_token);
      expect((await refresh(test.app, first.refresh)).status).toBe(401);
      expect((await refresh(test.app, third.body.refresh_token)).status).toBe(401);
    });

    it('a session that is not refreshed ends when its time is over', async () => {
      const first = await signUp(test.app);
      test.clock.advance(29 * 86_400_000);
      const second = await refresh(test.app, first.refresh);
      expect(second.status).toBe(200);
      test.clock.advance(29 * 86_400_000);
      expect((await refresh(test.app, second.body.refresh_token)).status).toBe(200);
      test.clock.advance(31 * 86_400_000);
      expect((await refresh(test.app, second.body.refresh_token)).body.detail).toBe('Token has expired');
    });

    it('logout ends one session and leaves the others', async () => {
      const first = await signUp(test.app, 'two-devices@example.com');
      const second = await signIn(test.app, 'two-devices@example.com');
      await test.app.send('POST', '/auth/logout', { token: first.access });
      expect(await me(test.app, first.access)).toBe(401);
      expect(await me(test.app, second.access)).toBe(200);
    });

    it('logout works with an expired access token and with a refresh token in the body', async () => {
      const expired = await signUp(test.app);
      test.clock.advance(3_600_000);
      await test.app.send('POST', '/auth/logout', { token: expired.access });
      expect((await refresh(test.app, expired.refresh)).status).toBe(401);

      const other = await signUp(test.app);
      await test.app.send('POST', '/auth/logout', { body: { refresh_token: other.refresh } });
      expect(await me(test.app, other.access)).toBe(401);
    });

    it('tokens issued for a custom way to sign in belong to a session that logout ends', async () => {
      const { userId } = await signUp(test.app);
      const user = await test.userStore.getById(userId);
      if (!user) throw new Error('the user is missing');
      const tokens = await test.auth.issueTokens(user);
      expect(await me(test.app, tokens.accessToken)).toBe(200);
      expect(JSON.parse(JSON.stringify(tokens))).toEqual({
        access_token: tokens.accessToken,
        refresh_token: tokens.refreshToken,
        token_type: 'bearer',
        expires_in: 900,
      });
      await test.app.send('POST', '/auth/logout', { token: tokens.accessToken });
      expect(await me(test.app, tokens.accessToken)).toBe(401);
    });

    describe('tokens made by hand', () => {
      const byHand = (userId: string, age = 0) => ({
        userId,
        secret: SECRET,
        clock: { now: () => test.clock.now() - age },
      });

      it('are not touched by logout, but by the state of the user', async () => {
        const { userId, access } = await signUp(test.app);
        const bare = createAccessToken(byHand(userId));
        await test.app.send('POST', '/auth/logout', { token: access });
        await test.app.send('POST', '/auth/logout', { token: bare });
        expect(await me(test.app, bare)).toBe(200);
        await test.userStore.setActive(userId, false);
        test.clock.advance(1_000);
        expect(await me(test.app, bare)).toBe(401);
      });

      it('end with the password', async () => {
        const { userId } = await signUp(test.app);
        const tokens = byHand(userId, 60_000);
        const [access, again] = [createAccessToken(tokens), createRefreshToken(tokens)];
        expect(await me(test.app, access)).toBe(200);
        await test.userStore.updatePassword(userId, 'another hash');
        test.clock.advance(1_000);
        expect(await me(test.app, access)).toBe(401);
        expect((await refresh(test.app, again)).status).toBe(401);
      });

      it('leave no session that was opened while the password changed', async () => {
        const { userId } = await signUp(test.app);
        const stores = Object.getPrototypeOf(test.sessionStore) as SessionStore;
        const { create } = stores;
        const opened: string[] = [];
        vi.spyOn(stores, 'create').mockImplementation(async function (this: SessionStore, session) {
          await test.userStore.updatePassword(userId, 'another hash');
          opened.push(session.id);
          return create.call(this, session);
        });
        expect((await refresh(test.app, createRefreshToken(byHand(userId, 60_000)))).status).toBe(401);
        expect((await test.sessionStore.get(opened[0] ?? ''))?.revokedAt).toBeInstanceOf(Date);
      });

      it('a refresh token opens one session at its first use', async () => {
        const { userId } = await signUp(test.app);
        const bare = createRefreshToken(byHand(userId));
        const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(test.app, bare)));
        expect(answers.map(({ status }) => status).sort()).toEqual([200, ...new Array(9).fill(401)]);
        const winner = answers.find(({ status }) => status === 200)?.body;
        expect((await refresh(test.app, winner.refresh_token)).status).toBe(200);
        expect((await refresh(test.app, bare)).body.detail).toBe('Session has ended');
        expect(await me(test.app, winner.access_token)).toBe(401);
      });
    });

    it('a token whose session belongs to somebody else is refused', async () => {
      const [mine, theirs] = [await signUp(test.app), await signUp(test.app)];
      const { sessionId } = decodeToken(theirs.access, { secret: SECRET, clock: test.clock });
      const forged = createAccessToken({ userId: mine.userId, secret: SECRET, clock: test.clock, sessionId });
      expect(await me(test.app, forged)).toBe(401);
    });

    it('remembers from where a user signed in, an IPv6 address by its network', async () => {
      const { userId } = await signUp(test.app, undefined, '2001:db8:1:2::7');
      expect(await test.auth.sessions.knowsAddress(userId, '2001:db8:1:2:ffff::1')).toBe(true);
      expect(await test.auth.sessions.knowsAddress(userId, '2001:db8:1:3::7')).toBe(false);
      expect(await test.auth.sessions.knowsAddress('', '2001:db8:1:2::7')).toBe(false);
    });
  });
}
