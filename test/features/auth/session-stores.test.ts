import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../../src/base/ids.js';
import type { DatabaseSessionStore, Session, SessionStore } from '../../../src/features/auth/index.js';
import { AUTH_BACKENDS, type AuthStores } from './harness.js';

const now = Date.now();
const at = new Date(now);
const later = new Date(now + 60_000);

const session = (given: Partial<Session> = {}): Session => ({
  id: uuidv7(),
  userId: 'u1',
  tokenHash: 'hash 1',
  previousHash: null,
  rotatedAt: null,
  originHash: null,
  expiresAt: later,
  revokedAt: null,
  ipAddress: '203.0.113.7',
  userAgent: 'a browser',
  ...given,
});

for (const backend of AUTH_BACKENDS) {
  describe(`a session store (${backend.name})`, () => {
    let stores: AuthStores;
    let store: SessionStore;
    const stored = async (given: Partial<Session> = {}) => {
      const made = session(given);
      await store.create(made);
      return made;
    };

    beforeEach(async () => {
      stores = await backend.open();
      store = stores.sessionStore;
    });

    afterEach(() => stores.close());

    it('answers what was stored, and null for what was not', async () => {
      const made = await stored();
      expect(await store.get(made.id)).toEqual(made);
      expect(await store.get(uuidv7())).toBeNull();
    });

    it('swaps the hash, remembers the one before and moves the end', async () => {
      const { id } = await stored();
      const expiresAt = new Date(now + 120_000);
      expect(await store.rotate(id, { fromHash: 'hash 1', toHash: 'hash 2', at, expiresAt })).toBe(true);
      expect(await store.get(id)).toMatchObject({
        tokenHash: 'hash 2',
        previousHash: 'hash 1',
        rotatedAt: at,
        expiresAt,
      });
    });

    it('of 50 simultaneous swaps of one hash exactly one succeeds', async () => {
      const { id } = await stored();
      const swaps = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          store.rotate(id, { fromHash: 'hash 1', toHash: `next ${index}`, at, expiresAt: later }),
        ),
      );
      expect(swaps.filter(Boolean)).toHaveLength(1);
      expect((await store.get(id))?.tokenHash).toBe(`next ${swaps.indexOf(true)}`);
    });

    it('swaps neither another hash, nor in a revoked or an unknown session', async () => {
      const { id } = await stored();
      const swap = (sessionId: string, fromHash: string) =>
        store.rotate(sessionId, { fromHash, toHash: 'hash 2', at, expiresAt: later });
      expect(await swap(id, 'another hash')).toBe(false);
      expect(await swap(uuidv7(), 'hash 1')).toBe(false);
      await store.revoke(id, at, 'a test');
      expect(await swap(id, 'hash 1')).toBe(false);
      expect(await store.get(id)).toMatchObject({ tokenHash: 'hash 1', revokedAt: at });
    });

    it('revoking what is not there makes nothing', async () => {
      const id = uuidv7();
      await store.revoke(id, at, 'a test');
      expect(await store.get(id)).toBeNull();
      expect((await stores.forgetAll?.()) ?? 0).toBe(0);
    });

    it('revokes every session of a user but one, and of nobody else', async () => {
      const [first, second, third] = [await stored(), await stored(), await stored()];
      const other = await stored({ userId: 'u2' });
      expect((await store.revokeUser('u1', at, 'a test', third.id)).sort()).toEqual([first.id, second.id].sort());
      const revoked = await Promise.all(
        [first, second, third, other].map(async ({ id }) => (await store.get(id))?.revokedAt),
      );
      expect(revoked).toEqual([at, at, null, null]);
      expect(await store.revokeUser('u1', at, 'a test')).toContain(third.id);
    });

    it('knows from where a user has signed in', async () => {
      await stored();
      expect(await store.knowsAddress('u1', '203.0.113.7')).toBe(true);
      expect(await store.knowsAddress('u1', '203.0.113.8')).toBe(false);
      expect(await store.knowsAddress('u2', '203.0.113.7')).toBe(false);
    });

    it('one origin opens one session, however many try at once', async () => {
      const tries = await Promise.allSettled(
        Array.from({ length: 10 }, (_, index) => stored({ originHash: 'by hand', tokenHash: `hash ${index}` })),
      );
      const made = tries.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      expect(made).toHaveLength(1);
      for (const result of tries) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'E_CONFLICT' });
      }
      expect(await store.getByOrigin('by hand')).toEqual(made[0]);
      expect(await store.getByOrigin('unknown')).toBeNull();
    });
  });
}

describe('old sessions', () => {
  it('are purged by the time they ended', async () => {
    const backend = AUTH_BACKENDS.find(({ name }) => name === 'database');
    const stores = await backend?.open();
    const store = stores?.sessionStore as DatabaseSessionStore;
    const ended = [session({ expiresAt: new Date(now - 2_000) }), session({ expiresAt: new Date(now - 3_000) })];
    const kept = session();
    for (const made of [...ended, kept]) await store.create(made);
    expect(await store.purge(new Date(now - 1_000))).toBe(2);
    expect(await store.purge(new Date(now - 1_000))).toBe(0);
    expect(await store.get(kept.id)).toEqual(kept);
    await stores?.close();
  });
});
