import { type Filter, meets } from './filters.js';
import { canonical, OWN_FIELDS, type OwnField, type Values } from './item.js';

/** A row as the ORM should show it. */
export interface ShadowRow extends Record<OwnField, unknown> {
  id: string;
  createdAt: number;
  updatedAt: number;
  deletedAt: number | null;
  createdBy: string | null;
  updatedBy: string | null;
  version: number;
}

/** A version; that of a deletion for good shows the row that is gone. */
export interface ShadowVersion {
  row: ShadowRow;
  version: number;
  at: number;
  by: string | null;
  comment: string | null;
  /** Nothing is left of the row. */
  end: boolean;
}

export type ShadowEvent = `${'create' | 'update' | 'delete' | 'restore'} ${string} ${number}`;

/** What a verb throws, by its code. */
export class Refusal extends Error {}

/** Who acts, when and why. */
export interface Act {
  now: number;
  actor: string | null;
  comment: string | null;
  expectedVersion?: number | undefined;
}

const EMPTY = Object.fromEntries(OWN_FIELDS.map((field) => [field, field === 'size' ? 0 : null])) as Values;

/** The ORM in a few maps: what its verbs promise, and nothing of how they do it. */
export class Shadow {
  #rows = new Map<string, ShadowRow>();
  #versions = new Map<string, ShadowVersion[]>();
  #events: ShadowEvent[] = [];
  #isLate = false;

  get rows(): ShadowRow[] {
    return [...this.#rows.values()].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  }

  get ids(): string[] {
    return [...this.#versions.keys()];
  }

  row(id: string): ShadowRow | undefined {
    return this.#rows.get(id);
  }

  versions(id: string): ShadowVersion[] {
    return this.#versions.get(id) ?? [];
  }

  takeEvents(): ShadowEvent[] {
    return this.#events.splice(0);
  }

  /** Everything as it was before, when `work` throws. */
  atomically<T>(work: () => T): T {
    const before = this.save();
    try {
      return work();
    } catch (error) {
      before();
      throw error;
    }
  }

  /** The same, unique keys looked at when all is done. */
  together<T>(work: () => T): T {
    return this.atomically(() => {
      this.#isLate = true;
      try {
        const result = work();
        this.#isLate = false;
        for (const row of this.rows) this.#assertUnique(row);
        return result;
      } finally {
        this.#isLate = false;
      }
    });
  }

  /** @returns what brings everything back to now. */
  save(): () => void {
    const rows = new Map([...this.#rows].map(([id, row]) => [id, { ...row }]));
    const versions = new Map([...this.#versions].map(([id, all]) => [id, [...all]]));
    const events = [...this.#events];
    return () => {
      this.#rows = rows;
      this.#versions = versions;
      this.#events = events;
    };
  }

  matching(where: Filter, among: 'live' | 'hidden' | 'all'): ShadowRow[] {
    return this.rows.filter((row) => {
      const live = row.deletedAt === null;
      return (among === 'all' || live === (among === 'live')) && meets(row as never, where);
    });
  }

  /** @returns of each row its newest version until then. */
  asOf(moment: number): ShadowRow[] {
    return [...this.#versions.values()].flatMap((all) => {
      const newest = all.findLast(({ at }) => at <= moment);
      return !newest || newest.end ? [] : [{ ...newest.row, version: newest.version }];
    });
  }

  insert(id: string, values: Values, act: Act): ShadowRow {
    const last = this.versions(id).at(-1);
    const now = Math.max(act.now, last?.at ?? act.now);
    const row = {
      ...EMPTY,
      ...values,
      id,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
      createdBy: act.actor,
      updatedBy: act.actor,
      version: (last?.version ?? 0) + 1,
    } as ShadowRow;
    return this.#put(row, act, 'create');
  }

  /** @param loadedAlive the caller holds the row as it was while it was alive. */
  saveById(id: string, values: Values, act: Act, loadedAlive = false): ShadowRow {
    const row = this.#rows.get(id);
    if (row) return this.merge(row, values, act, loadedAlive);
    if (act.expectedVersion !== undefined) throw new Refusal('E_CONFLICT');
    return this.insert(id, values, act);
  }

  saveByMatch(newId: string, values: Values, match: readonly OwnField[], act: Act): ShadowRow {
    const same = (row: ShadowRow): boolean =>
      match.every((field) => canonical(row[field]) === canonical(values[field]));
    const found = this.rows.filter((row) => row.deletedAt === null && same(row));
    if (found.length > 1) throw new Refusal('E_CONFLICT');
    return found[0] ? this.merge(found[0], values, act, false) : this.insert(newId, values, act);
  }

  merge(row: ShadowRow, values: Values, act: Act, loadedAlive: boolean): ShadowRow {
    assertVersion(row, act);
    const hidden = row.deletedAt !== null;
    if (hidden && loadedAlive) throw new Refusal('E_CONFLICT');
    if (!hidden && !differs(row, values)) return row;
    return this.#change(row, { ...values, deletedAt: null }, act, hidden ? 'restore' : 'update');
  }

  update(id: string, values: Values, act: Act): ShadowRow | null {
    const row = this.#rows.get(id);
    if (!row || row.deletedAt !== null) return null;
    assertVersion(row, act);
    return differs(row, values) ? this.#change(row, values, act, 'update') : row;
  }

  hide(id: string, act: Act): boolean {
    const row = this.#rows.get(id);
    if (!row || row.deletedAt !== null) return false;
    assertVersion(row, act);
    this.#change(row, { deletedAt: later(row, act) }, act, 'delete');
    return true;
  }

  show(id: string, act: Act): boolean {
    const row = this.#rows.get(id);
    if (!row || row.deletedAt === null) return false;
    assertVersion(row, act);
    this.#change(row, { deletedAt: null }, act, 'restore');
    return true;
  }

  remove(id: string, act: Act): boolean {
    const row = this.#rows.get(id);
    if (!row) return false;
    assertVersion(row, act);
    const at = later(row, act);
    const version = row.version + 1;
    this.#rows.delete(id);
    const gone = { ...row, deletedAt: at };
    this.#note({ row: gone, version, at, by: act.actor, comment: act.comment, end: true });
    this.#events.push(`delete ${id} ${version}`);
    return true;
  }

  revert(id: string, version: number, act: Act): ShadowRow {
    const past = this.versions(id).find((each) => each.version === version);
    if (!past || past.end) throw new Refusal('E_NOT_FOUND');
    const noted = { ...act, comment: act.comment ?? `revert to version ${version}` };
    const row = this.#rows.get(id);
    const own = Object.fromEntries(OWN_FIELDS.map((field) => [field, past.row[field]])) as Values;
    const { deletedAt } = past.row;
    if (row) {
      assertVersion(row, act);
      if (!differs(row, own) && row.deletedAt === deletedAt) return row;
      const [was, willBe] = [row.deletedAt !== null, deletedAt !== null];
      return this.#change(row, { ...own, deletedAt }, noted, was === willBe ? 'update' : willBe ? 'delete' : 'restore');
    }
    if (act.expectedVersion !== undefined) throw new Refusal('E_CONFLICT');
    const last = this.versions(id).at(-1) as ShadowVersion;
    const now = Math.max(act.now, last.at);
    const revived = { ...past.row, updatedAt: now, updatedBy: act.actor, version: last.version + 1 };
    return this.#put(revived, noted, 'create');
  }

  #change(
    row: ShadowRow,
    changes: Values & { deletedAt?: number | null },
    act: Act,
    action: 'update' | 'delete' | 'restore',
  ): ShadowRow {
    const now = later(row, act);
    const after = { ...row, ...changes, updatedAt: now, updatedBy: act.actor, version: row.version + 1 };
    return this.#put(after, act, action);
  }

  #put(row: ShadowRow, act: Act, action: 'create' | 'update' | 'delete' | 'restore'): ShadowRow {
    if (!this.#isLate) this.#assertUnique(row);
    this.#rows.set(row.id, row);
    const { version, updatedAt: at } = row;
    this.#note({ row: { ...row }, version, at, by: act.actor, comment: act.comment, end: false });
    this.#events.push(`${action} ${row.id} ${version}`);
    return row;
  }

  #assertUnique({ id, code, deletedAt }: ShadowRow): void {
    const same = (other: ShadowRow): boolean => other.id !== id && other.deletedAt === null && other.code === code;
    if (deletedAt === null && code !== null && this.rows.some(same)) throw new Refusal('E_CONSTRAINT');
  }

  #note(version: ShadowVersion): void {
    this.#versions.set(version.row.id, [...this.versions(version.row.id), version]);
  }
}

function differs(row: ShadowRow, values: Values): boolean {
  return (Object.keys(values) as OwnField[]).some((field) => canonical(row[field]) !== canonical(values[field]));
}

function assertVersion(row: ShadowRow, { expectedVersion }: Act): void {
  if (expectedVersion !== undefined && expectedVersion !== row.version) throw new Refusal('E_CONFLICT');
}

/** Versions of a row never go back in time. */
function later(row: ShadowRow, { now }: Act): number {
  return Math.max(row.updatedAt, now);
}
