import { afterEach, describe, expect, it } from 'vitest';
import { type Database, Entity, type EntityTarget, Field, type FieldOptions, Model } from '../../../src/orm/index.js';
import type { Backend } from './backend.js';

/** A default and the sizes of each field type. */
const TYPES: ReadonlyArray<FieldOptions & Required<Pick<FieldOptions, 'type' | 'default'>>> = [
  { type: 'string', default: `it's "quoted" \\ [x] ?` },
  { type: 'string', length: 1, default: '' },
  { type: 'string', length: 700, default: 'NULL' },
  { type: 'string', length: 2000, default: 'long' },
  { type: 'text', default: 'two\nlines' },
  { type: 'integer', default: -7 },
  { type: 'bigint', default: -(2n ** 63n) },
  { type: 'number', default: 1e-7 },
  { type: 'decimal', default: '-1.50' },
  { type: 'decimal', precision: 38, scale: 10, default: '12345678901234567890.1' },
  { type: 'decimal', precision: 15, scale: 0, default: '0' },
  { type: 'boolean', default: true },
  { type: 'datetime', default: new Date('2026-07-01T23:59:59.070Z') },
  { type: 'date', default: '2026-07-01' },
  { type: 'json', default: { b: [1, "it's"], a: null } },
  { type: 'uuid', default: '01890a5d-ac96-774b-bcce-b302099a8057' },
  { type: 'blob', default: new Uint8Array([0, 255, 39]) },
];

/** Every option of a field, alone and with what it may clash with. */
const OPTIONS: Readonly<Record<string, FieldOptions & { defaulted?: boolean }>> = {
  nullable: {},
  required: { nullable: false },
  defaulted: { defaulted: true },
  requiredAndDefaulted: { nullable: false, defaulted: true },
  unique: { unique: true },
  uniqueAmongAll: { unique: { includeDeleted: true }, nullable: false },
  indexed: { index: true },
  checked: { check: '[checked] IS NULL OR [checked] = [checked]', defaulted: true },
  everything: { nullable: false, defaulted: true, unique: true, index: true, check: '[everything] = [everything]' },
};

/** One entity for each type, with one field for each set of options. */
function entitiesOfEveryType(options: typeof OPTIONS): EntityTarget[] {
  return TYPES.map(({ default: fallback, ...type }, index) => {
    class Generated extends Model {}
    for (const [name, { defaulted, ...option }] of Object.entries(options))
      Field({ ...type, ...option, ...(defaulted && { default: fallback }) })(Generated.prototype, name);
    Entity({ table: `generated_${index}`, history: index % 2 === 0 })(Generated);
    return Generated;
  });
}

const PLAIN = Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, {}]));

function entityOptions(): EntityTarget[] {
  @Entity({ table: 'shelves' })
  class Shelf extends Model {
    @Field({ type: 'string' }) name?: string;
  }
  @Entity({
    table: 'books',
    unique: [
      ['shelfId', 'title'],
      { fields: ['isbn'], includeDeleted: true },
      { fields: ['code'], where: "[kind] = 'c'" },
    ],
    indexes: [
      ['title'],
      ['shelfId', 'price desc', 'title'],
      { fields: ['createdAt desc', 'id desc'], where: "[price] > 5 AND [kind] <> 'x'" },
      { fields: ['note', 'title desc'] },
    ],
    checks: ['[price] >= 0 OR [kind] IS NULL', "[title] <> ''"],
  })
  class Book extends Model {
    @Field({ type: 'string', references: () => Shelf, onDelete: 'cascade' }) shelfId?: string | null;
    @Field({ type: 'uuid', references: () => Shelf, onDelete: 'set null' }) secondShelfId?: string | null;
    @Field({ type: 'string', references: () => Book }) sequelOf?: string | null;
    @Field({ type: 'string', nullable: false }) title!: string;
    @Field({ type: 'string', length: 20 }) isbn?: string | null;
    @Field({ type: 'string', length: 20 }) code?: string | null;
    @Field({ type: 'string', length: 20 }) kind?: string | null;
    @Field({ type: 'text' }) note?: string | null;
    @Field({ type: 'integer', nullable: false, default: 1 }) price!: number;
  }
  return [Shelf, Book];
}

export function describeSecondPlan(backend: Backend): void {
  const { reconnect } = backend;
  describe('a second plan', () => {
    const open: Database[] = [];
    afterEach(async () => {
      for (const db of open.splice(0)) await db.close();
      await backend.cleanUp();
    });
    const settles = async (db: Database): Promise<void> => {
      open.push(db);
      const { warnings } = await db.migrate();
      expect(warnings).toEqual([]);
      expect(String(await db.plan())).toBe('Nothing to do.');
    };

    it('is empty for partial and descending indexes, checks and references of an entity', async () => {
      await settles(await backend.connect({ entities: entityOptions() }));
    });

    it('is empty for every option of a field of every type', async () => {
      await settles(await backend.connect({ entities: entitiesOfEveryType(OPTIONS) }));
    }, 60_000);

    if (!reconnect) return;
    it('is empty once plain fields of every type have taken every option, and are plain again', async () => {
      const first = await backend.connect({ entities: entitiesOfEveryType(PLAIN) });
      await settles(first);
      await settles(await reconnect(first, { entities: entitiesOfEveryType(OPTIONS) }));
      await settles(await reconnect(first, { entities: entitiesOfEveryType(PLAIN) }));
    }, 120_000);
  });
}
