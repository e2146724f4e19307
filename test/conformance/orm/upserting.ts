import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { ConstraintError, dbContext, Entity, Field, Model, withActor, withTenant } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { ENTITIES, Product } from './entities.js';
import { withDatabase } from './suite.js';

@Entity({ table: 'accounts', unique: [{ fields: ['email'], includeDeleted: true }, ['team', 'nick']] })
class Account extends Model {
  @Field({ type: 'string', nullable: false }) email!: string;
  @Field({ type: 'string' }) team?: string | null;
  @Field({ type: 'string' }) nick?: string | null;
  @Field({ type: 'string', nullable: false }) password!: string;
  @Field({ type: 'integer', default: 1, check: '[low] <= [high]' }) low!: number;
  @Field({ type: 'integer', default: 10 }) high!: number;
  @Field({ type: 'json' }) settings?: unknown;
  @Field({ type: 'bigint' }) total?: bigint | null;
}

@Entity({ table: 'seats', tenant: 'owner', unique: [['owner', 'number']] })
class Seat extends Model {
  @Field({ type: 'string', nullable: false }) owner!: string;
  @Field({ type: 'integer', nullable: false }) number!: number;
  @Field({ type: 'string' }) guest?: string | null;
}

/** The same table before it had a unique key. */
function looseSeats() {
  @Entity({ table: 'loose_seats' })
  class Loose extends Model {
    @Field({ type: 'integer' }) number?: number;
  }
  @Entity({ table: 'loose_seats' })
  class Strict extends Model {
    @Field({ type: 'integer', unique: true }) number!: number;
    @Field({ type: 'string' }) guest?: string;
  }
  return { Loose, Strict };
}

export function describeUpserting(backend: Backend): void {
  describe('upserting by a unique key', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock, entities: [...ENTITIES, Account, Seat] });
    let next = 0;
    const fresh = (): { email: string; password: string } => ({ email: `a${next++}@x.org`, password: 'p' });

    it('inserts once and updates from then on, with versions, times, users and comments', async () => {
      const key = fresh();
      const first = await withActor({ id: 'ann' }, () =>
        Account.save({ ...key, total: 2n ** 60n, settings: { a: 1 } }, { matchBy: 'email', comment: 'made' }),
      );
      expect(first).toMatchObject({ version: 1, createdBy: 'ann', low: 1, total: 2n ** 60n });
      expect(await Account.get(first.id)).toEqual(first);
      clock.advance(10);
      const second = await withActor({ id: 'ben' }, () =>
        Account.save({ ...key, settings: { b: [1] }, nick: 'n' }, { matchBy: 'email', comment: 'changed' }),
      );
      expect(second).toMatchObject({ id: first.id, version: 2, createdBy: 'ann', updatedBy: 'ben', total: 2n ** 60n });
      expect(second.createdAt).toEqual(first.createdAt);
      expect(Number(second.updatedAt) - Number(first.updatedAt)).toBe(10);
      expect(await Account.get(first.id)).toEqual(second);
      expect(await Account.history(first.id)).toMatchObject([
        { version: 2, nick: 'n', settings: { b: [1] }, historyUserId: 'ben', historyComment: 'changed' },
        { version: 1, nick: null, historyUserId: 'ann', historyComment: 'made', historyTimestamp: first.updatedAt },
      ]);
    });

    it('writes nothing when nothing differs, whatever the order of json keys', async () => {
      const key = fresh();
      const saved = await Account.save({ ...key, settings: { a: 1, b: 2 } }, { matchBy: 'email' });
      expect(await Account.save({ ...key }, { matchBy: 'email' })).toEqual(saved);
      expect(await Account.save({ ...key, settings: { b: 2, a: 1 } }, { matchBy: 'email' })).toMatchObject({
        version: 1,
      });
      expect(await Account.save({ email: key.email }, { matchBy: 'email' })).toMatchObject({ version: 1 });
    });

    it('takes one statement, where the engine can answer what it writes', async () => {
      const { capabilities, indexedUpsert } = db().session.core.dialect;
      if (!capabilities.upserts && !indexedUpsert) return;
      const key = fresh();
      const before = db().stats().statements;
      await Account.save({ ...key, settings: { a: 1 } }, { matchBy: 'email' });
      await Account.save({ ...key, settings: { a: 2 } }, { matchBy: 'email' });
      expect(db().stats().statements - before).toBe(2);
    });

    it('leaves alone what was not given, also where a new row would have needed it', async () => {
      const key = fresh();
      const saved = await Account.save({ ...key, low: 20, high: 30 }, { matchBy: 'email' });
      const { email } = key;
      expect(await Account.save({ email, nick: 'only' }, { matchBy: 'email' })).toMatchObject({
        password: 'p',
        version: 2,
      });
      expect(await Account.save({ email, low: 25 }, { matchBy: 'email' })).toMatchObject({
        low: 25,
        high: 30,
        version: 3,
      });
      await expect(Account.save({ email: 'none@x.org' }, { matchBy: 'email' })).rejects.toMatchObject({
        kind: 'not_null',
      });
      await expect(Account.save({ email, high: 1 }, { matchBy: 'email' })).rejects.toMatchObject({ kind: 'check' });
      expect((await Account.getOrThrow(saved.id)).version).toBe(3);
    });

    it('does not change a row that is soft-deleted', async () => {
      const key = fresh();
      const first = await Account.save({ ...key, team: 't', nick: 'soft' }, { matchBy: ['nick', 'team'] });
      await Account.softDelete(first.id);
      await expect(Account.save({ ...key, nick: 'x' }, { matchBy: 'email' })).rejects.toMatchObject({ kind: 'unique' });
      const other = await Account.save({ ...fresh(), team: 't', nick: 'soft' }, { matchBy: ['nick', 'team'] });
      expect(other.id).not.toBe(first.id);
      expect(await Account.get(first.id, { includeDeleted: true })).toMatchObject({ version: 2, nick: 'soft' });
    });

    it('matches null by null, which a unique key does not', async () => {
      const key = { team: null, nick: 'nobody' };
      const first = await Account.save({ ...fresh(), ...key }, { matchBy: ['team', 'nick'] });
      expect(await Account.save({ ...key, low: 2 }, { matchBy: ['team', 'nick'] })).toMatchObject({
        id: first.id,
        low: 2,
      });
    });

    it('refuses what another unique key forbids', async () => {
      const [a, b] = [fresh(), fresh()];
      await Account.save({ ...a, team: 't', nick: 'taken' }, { matchBy: 'email' });
      await Account.save(b, { matchBy: 'email' });
      const taken = { team: 't', nick: 'taken' };
      await expect(Account.save({ ...b, ...taken }, { matchBy: 'email' })).rejects.toThrow(ConstraintError);
      await expect(Account.save({ ...fresh(), ...taken }, { matchBy: 'email' })).rejects.toMatchObject({
        kind: 'unique',
      });
    });

    it('rows 17 and 18: makes one row of 100 parallel saves, with gapless versions', async () => {
      const key = { workspaceId: 'parallel', name: 'one' };
      const saved = await Promise.all(
        Array.from({ length: 100 }, (_, price) =>
          Product.save({ ...key, price }, { matchBy: ['workspaceId', 'name'] }),
        ),
      );
      const [{ id }] = saved as [Product];
      expect(new Set(saved.map((row) => row.id))).toEqual(new Set([id]));
      const versions = (await Product.history(id)).map(({ version }) => version);
      expect(versions).toEqual(Array.from(versions, (_, at) => versions.length - at));
      expect(await Product.count({ where: key })).toBe(1);
      expect((await Product.getOrThrow(id)).version).toBe(versions[0]);
    });

    it('makes one row where some of the saves have to lock it first', async () => {
      for (let round = 0; round < 10; round++) {
        const key = { workspaceId: `mixed ${round}`, name: 'one' };
        const saved = await Promise.all(
          Array.from({ length: 12 }, (_, price) =>
            Product.save(
              { ...key, price },
              { matchBy: ['workspaceId', 'name'], ...(price % 2 === 0 && { comment: 'why' }) },
            ),
          ),
        );
        expect(new Set(saved.map(({ id }) => id)).size).toBe(1);
        expect(await Product.count({ where: key })).toBe(1);
      }
    });

    it('does the same while listeners want to see each row', async () => {
      const key = fresh();
      const actions: string[] = [];
      const off = db().on('write', ({ action, before, after }) => {
        actions.push(`${action} ${(before as Account | undefined)?.low} ${(after as Account).low}`);
      });
      await Account.save({ ...key, low: 3 }, { matchBy: 'email' });
      await Account.save({ ...key, low: 4 }, { matchBy: 'email' });
      await Account.save({ ...key, low: 4 }, { matchBy: 'email' });
      off();
      expect(actions).toEqual(['create undefined 3', 'update 3 4']);
    });

    it('stays inside the tenant', async () => {
      const mine = await withTenant('mine', () => Seat.save({ number: 1, guest: 'ann' }, { matchBy: 'number' }));
      const theirs = await withTenant('theirs', () => Seat.save({ number: 1, guest: 'ben' }, { matchBy: 'number' }));
      expect(theirs.id).not.toBe(mine.id);
      expect(
        await withTenant('mine', () => Seat.save({ number: 1, guest: 'cid' }, { matchBy: 'number' })),
      ).toMatchObject({
        id: mine.id,
        version: 2,
      });
      expect(await withTenant('theirs', () => Seat.get(theirs.id))).toMatchObject({ guest: 'ben', version: 1 });
    });

    it('joins a transaction, and a refused one does not spoil it', async () => {
      const [a, b] = [fresh(), fresh()];
      await dbContext(async () => {
        await Account.save(a, { matchBy: 'email' });
        await expect(Account.save({ email: b.email }, { matchBy: 'email' })).rejects.toThrow(ConstraintError);
        await Account.save({ ...a, low: 5 }, { matchBy: 'email' });
      });
      expect(await Account.findOne({ where: { email: a.email } })).toMatchObject({ low: 5, version: 2 });
    });

    it('saves many by their key, also where rows name different fields or one comes twice', async () => {
      const keys = Array.from({ length: 50 }, fresh);
      await Account.saveMany(keys.slice(0, 25), { matchBy: 'email' });
      const saved = await Account.saveMany(
        [...keys.map((key) => ({ ...key, low: 7 })), { email: keys[0]?.email, nick: 'twice' }, { ...keys[1], low: 7 }],
        { matchBy: 'email', comment: 'all' },
      );
      expect(saved.map(({ version }) => version)).toEqual([...Array(25).fill(2), ...Array(25).fill(1), 3, 2]);
      expect(saved[50]).toMatchObject({ id: saved[0]?.id, nick: 'twice', low: 7, password: 'p' });
      for (const at of [0, 30, 49]) {
        const stored = await Account.getOrThrow(saved[at]?.id as string);
        expect(stored).toMatchObject({ email: keys[at]?.email, low: 7 });
        expect((await Account.history(stored.id)).at(0)).toMatchObject({
          historyComment: 'all',
          version: stored.version,
        });
      }
    });
  });

  const { reconnect } = backend;
  if (!reconnect) return;
  describe('upserting by a unique key that the data does not allow yet', () => {
    it('goes on by locks, and says that more than one row matches', async () => {
      const { Loose, Strict } = looseSeats();
      const first = await backend.connect({ entities: [Loose] });
      await first.migrate();
      await Loose.saveMany([{ number: 1 }, { number: 1 }], { db: first });
      const second = await reconnect(first, { entities: [Strict] });
      const { warnings } = await second.migrate();
      expect(warnings).not.toEqual([]);
      await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          Strict.save({ number: 2, guest: `${at}` }, { matchBy: 'number', db: second }),
        ),
      );
      expect(await Strict.count({ where: { number: 2 }, db: second })).toBe(1);
      await expect(Strict.save({ number: 1 }, { matchBy: 'number', db: second })).rejects.toThrow(
        /More than one Strict/,
      );
      for (const db of [second, first]) await db.close();
      await backend.cleanUp();
    });
  });
}
