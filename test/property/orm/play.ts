import { isDeepStrictEqual } from 'node:util';
import type { FakeClock } from '../../../src/base/clock.js';
import { type Database, dbContext, KernelError, withActor } from '../../../src/orm/index.js';
import { canonical, Item, OWN_FIELDS, type Values } from './item.js';
import type { Operation, Which } from './operations.js';
import { type Act, Refusal, Shadow, type ShadowRow } from './shadow.js';

type Op<K extends Operation['kind']> = Extract<Operation, { kind: K }>;
type Outcome = unknown;

/** What was compared, for the figures of a run. */
export interface Tally {
  operations: number;
  rows: number;
  versions: number;
  moments: number;
}

class UndoneOnPurpose extends Error {}

/** Plays one sequence on a database and on the shadow, and compares the two after every step. */
export class Play {
  readonly #db: Database;
  readonly #clock: FakeClock;
  readonly #tally: Tally;
  readonly #shadow = new Shadow();
  readonly #heard: string[] = [];
  /** Those that were there when the operation began. */
  #ids: readonly string[] = [];
  readonly #moments = new Set<number>();
  #loaded: { item: Item; shadow: ShadowRow } | undefined;

  constructor(db: Database, clock: FakeClock, tally: Tally) {
    this.#db = db;
    this.#clock = clock;
    this.#tally = tally;
  }

  /** @param listening whether somebody hears of every write, which takes other ways through the ORM. */
  async run(operations: readonly Operation[], listening: boolean): Promise<void> {
    await this.#db.execute('DELETE FROM [items]');
    await this.#db.execute('DELETE FROM [items_history]');
    const off = listening
      ? this.#db.on('write', ({ action, id, version }) => void this.#heard.push(`${action} ${id} ${version}`))
      : undefined;
    try {
      for (const operation of operations) {
        await this.#step(operation, null);
        await this.#compareRows(operation);
        const told = this.#shadow.takeEvents().sort();
        if (listening) assertSame('events', this.#heard.splice(0).sort(), told, operation);
      }
      await this.#compareHistory();
      const { inUse, waiting } = this.#db.stats().pool;
      assertSame('connections in use', { inUse, waiting }, { inUse: 0, waiting: 0 });
    } finally {
      off?.();
    }
  }

  /** @param outer who acts where the operation names nobody. */
  async #step(operation: Operation, outer: string | null): Promise<void> {
    this.#tally.operations += 1;
    this.#clock.advance(operation.elapsedMs);
    this.#moments.add(this.#clock.now());
    const actor = operation.actor ?? outer;
    const perform = (): Promise<void> =>
      operation.kind === 'context' ? this.#context(operation, actor) : this.#verb(operation, actor);
    await (operation.actor === null ? perform() : withActor({ id: operation.actor }, perform));
  }

  async #context({ operations, fails }: Op<'context'>, actor: string | null): Promise<void> {
    const back = this.#shadow.save();
    const loaded = this.#loaded;
    const unit = dbContext(
      async () => {
        for (const operation of operations) await this.#step(operation, actor);
        if (fails) throw new UndoneOnPurpose();
      },
      { db: this.#db },
    );
    try {
      await unit;
    } catch (error) {
      if (!(error instanceof UndoneOnPurpose)) throw error;
      back();
      this.#loaded = loaded;
    }
  }

  async #verb(operation: Exclude<Operation, { kind: 'context' }>, actor: string | null): Promise<void> {
    const act: Act = { now: this.#clock.now(), actor, comment: operation.comment };
    this.#ids = this.#shadow.ids;
    const real = await outcome(() => this.#onDatabase(operation));
    const follow = (): Outcome => this.#onShadow(operation, act, real);
    let shadow = await outcome(async () => this.#shadow.atomically(follow));
    // Rows may pass a unique value on to each other where the engine happens to write them in an order that allows it.
    if (operation.kind === 'saveMany' && Array.isArray(real) && isRefused(shadow))
      shadow = await outcome(async () => this.#shadow.together(follow));
    assertSame('outcome', real, shadow, operation);
  }

  #id(which: Which): string {
    if (typeof which === 'string') return which;
    return this.#ids.at(-1 - which) ?? `unknown ${which}`;
  }

  async #onDatabase(operation: Exclude<Operation, { kind: 'context' }>): Promise<Outcome> {
    const comment = operation.comment ?? undefined;
    const options = { db: this.#db, ...(comment !== undefined && { comment }) };
    const expecting = (expected: number | null): object => (expected === null ? {} : { expectedVersion: expected });
    switch (operation.kind) {
      case 'save': {
        const id = operation.id === null ? {} : { id: this.#id(operation.id) };
        const more = expecting(operation.id === null ? null : operation.expected);
        return shown(await Item.save({ ...operation.values, ...id } as never, { ...options, ...more }));
      }
      case 'load': {
        const item = await Item.get(this.#id(operation.id), { db: this.#db, includeDeleted: true });
        const shadow = this.#shadow.row(this.#id(operation.id));
        this.#loaded = item && shadow ? { item, shadow: { ...shadow } } : undefined;
        return item ? shown(item) : null;
      }
      case 'saveLoaded': {
        if (!this.#loaded) return null;
        const changed = Object.assign(Object.create(Item.prototype) as Item, this.#loaded.item, operation.values);
        return shown(await Item.save(changed, options));
      }
      case 'saveByMatch':
        return shown(await Item.save(operation.values as never, { ...options, matchBy: operation.match }));
      case 'saveMany': {
        const rows = operation.rows.map(({ id, values }) => (id === null ? values : { ...values, id: this.#id(id) }));
        return (await Item.saveMany(rows as never[], options)).map(shown);
      }
      case 'saveManyByMatch':
        return (await Item.saveMany(operation.rows as never[], { ...options, matchBy: operation.match })).map(shown);
      case 'update': {
        const { id, values, expected } = operation;
        const row = await Item.update(this.#id(id), values as never, { ...options, ...expecting(expected) });
        return row && shown(row);
      }
      case 'softDelete':
      case 'restore':
      case 'delete':
        return Item[operation.kind](this.#id(operation.id), { ...options, ...expecting(operation.expected) });
      case 'updateMany':
        return Item.updateMany(operation.where as never, operation.values as never, { ...options, all: true });
      case 'softDeleteMany':
      case 'restoreMany':
        return Item[operation.kind](operation.where as never, { ...options, all: true });
      case 'deleteMany': {
        const { includeDeleted } = operation;
        return Item.deleteMany(operation.where as never, { ...options, all: true, includeDeleted });
      }
      case 'revertTo':
        return shown(await Item.revertTo(this.#id(operation.id), this.#version(operation), options));
      case 'find': {
        const { where, includeDeleted } = operation;
        const read = { db: this.#db, where: where as never, includeDeleted };
        const rows = await Item.find({ ...read, orderBy: 'id' });
        return { rows: rows.map(shown), count: await Item.count(read), some: await Item.exists(read) };
      }
    }
  }

  #version({ id, back }: Op<'revertTo'>): number {
    return Math.max(1, (this.#shadow.versions(this.#id(id)).at(-1)?.version ?? 1) - back);
  }

  /** @param real what the database answered: new rows have the ids that it gave them. */
  #onShadow(operation: Exclude<Operation, { kind: 'context' }>, act: Act, real: Outcome): Outcome {
    const shadow = this.#shadow;
    const given = (at: number): string => (real as Array<{ id: string }>)[at]?.id ?? `refused ${at}`;
    const expecting = (expected: number | null): Act => ({ ...act, expectedVersion: expected ?? undefined });
    switch (operation.kind) {
      case 'save': {
        const { id, values, expected } = operation;
        if (id === null) return shownShadow(shadow.insert((real as { id: string }).id ?? 'refused', values, act));
        return shownShadow(shadow.saveById(this.#id(id), values, expecting(expected)));
      }
      case 'load': {
        const row = shadow.row(this.#id(operation.id));
        return row ? shownShadow(row) : null;
      }
      case 'saveLoaded': {
        if (!this.#loaded) return null;
        const { shadow: row } = this.#loaded;
        const own = Object.fromEntries(OWN_FIELDS.map((field) => [field, row[field]])) as Values;
        return shownShadow(shadow.saveById(row.id, { ...own, ...operation.values }, act, row.deletedAt === null));
      }
      case 'saveByMatch': {
        const id = (real as { id: string }).id ?? 'refused';
        return shownShadow(shadow.saveByMatch(id, operation.values, operation.match, act));
      }
      case 'saveMany':
        return operation.rows.map(({ id, values }, at) =>
          shownShadow(id === null ? shadow.insert(given(at), values, act) : shadow.saveById(this.#id(id), values, act)),
        );
      case 'saveManyByMatch':
        return operation.rows.map((values, at) =>
          shownShadow(shadow.saveByMatch(given(at), values, operation.match, act)),
        );
      case 'update': {
        const row = shadow.update(this.#id(operation.id), operation.values, expecting(operation.expected));
        return row && shownShadow(row);
      }
      case 'softDelete':
        return shadow.hide(this.#id(operation.id), expecting(operation.expected));
      case 'restore':
        return shadow.show(this.#id(operation.id), expecting(operation.expected));
      case 'delete':
        return shadow.remove(this.#id(operation.id), expecting(operation.expected));
      case 'updateMany': {
        const before = shadow.matching(operation.where, 'live').map(({ id, version }) => [id, version] as const);
        return before.filter(([id, version]) => shadow.update(id, operation.values, act)?.version !== version).length;
      }
      case 'softDeleteMany':
        return shadow.matching(operation.where, 'live').filter(({ id }) => shadow.hide(id, act)).length;
      case 'restoreMany':
        return shadow.matching(operation.where, 'hidden').filter(({ id }) => shadow.show(id, act)).length;
      case 'deleteMany': {
        const among = operation.includeDeleted ? 'all' : 'live';
        return shadow.matching(operation.where, among).filter(({ id }) => shadow.remove(id, act)).length;
      }
      case 'revertTo':
        return shownShadow(shadow.revert(this.#id(operation.id), this.#version(operation), act));
      case 'find': {
        const rows = shadow.matching(operation.where, operation.includeDeleted ? 'all' : 'live').map(shownShadow);
        return { rows, count: rows.length, some: rows.length > 0 };
      }
    }
  }

  async #compareRows(operation: Operation): Promise<void> {
    const rows = await Item.find({ db: this.#db, includeDeleted: true, orderBy: 'id' });
    assertSame('rows', rows.map(shown), this.#shadow.rows.map(shownShadow), operation);
    this.#tally.rows += rows.length;
  }

  async #compareHistory(): Promise<void> {
    for (const id of this.#shadow.ids) {
      const versions = await Item.history(id, { db: this.#db });
      const found = versions
        .map((each) => ({
          ...shown(each),
          at: each.historyTimestamp.getTime(),
          by: each.historyUserId,
          comment: each.historyComment,
        }))
        .reverse();
      const wanted = this.#shadow
        .versions(id)
        .map(({ row, version, at, by, comment }) => ({ ...shownShadow({ ...row, version }), at, by, comment }));
      assertSame(`versions of ${id}`, found, wanted);
      this.#tally.versions += found.length;
    }
    for (const moment of this.#moments) {
      const rows = await Item.asOf(new Date(moment), { db: this.#db }).find({ includeDeleted: true });
      assertSame(`as of ${moment}`, byId(rows.map(shown)), byId(this.#shadow.asOf(moment).map(shownShadow)));
      this.#tally.moments += 1;
    }
  }
}

function byId(rows: ReadonlyArray<Record<string, unknown>>): unknown[] {
  return [...rows].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
}

function isRefused(outcome: Outcome): boolean {
  return typeof outcome === 'object' && outcome !== null && 'refused' in outcome;
}

/** What was thrown counts as an outcome, by its code. */
async function outcome(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    if (error instanceof KernelError && /^E_(CONFLICT|CONSTRAINT|NOT_FOUND)$/.test(error.code))
      return { refused: error.code };
    throw error;
  }
}

function shown(item: Item): Record<string, unknown> {
  const own = Object.fromEntries(OWN_FIELDS.map((field) => [field, canonical(item[field])]));
  const { id, createdAt, updatedAt, deletedAt, createdBy, updatedBy, version } = item;
  const times = {
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
    deletedAt: deletedAt?.getTime() ?? null,
  };
  return { id, ...own, ...times, createdBy, updatedBy, version };
}

function shownShadow(row: ShadowRow): Record<string, unknown> {
  const own = Object.fromEntries(OWN_FIELDS.map((field) => [field, canonical(row[field])]));
  const { id, createdAt, updatedAt, deletedAt, createdBy, updatedBy, version } = row;
  return { id, ...own, createdAt, updatedAt, deletedAt, createdBy, updatedBy, version };
}

function assertSame(what: string, found: unknown, wanted: unknown, operation?: Operation): void {
  if (isDeepStrictEqual(found, wanted)) return;
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each));
  throw new Error(
    `${what} differ\n found ${text(found)}\nwanted ${text(wanted)}\n after ${text(operation ?? 'the end')}`,
  );
}
