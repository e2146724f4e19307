import fc from 'fast-check';
import { Entity, Field, Model } from '../../../src/orm/index.js';

/** Small, and with a field of every kind that filters and engines treat differently. */
@Entity({ table: 'items', unique: [['code']] })
export class Item extends Model {
  @Field({ type: 'string', length: 40 }) name!: string | null;
  @Field({ type: 'string', length: 10 }) code!: string | null;
  @Field({ type: 'integer', default: 0 }) size!: number | null;
  @Field({ type: 'bigint' }) big!: bigint | null;
  @Field({ type: 'decimal', precision: 12, scale: 2 }) price!: string | null;
  @Field({ type: 'boolean' }) done!: boolean | null;
  @Field({ type: 'datetime' }) at!: Date | null;
  @Field({ type: 'date' }) day!: string | null;
  @Field({ type: 'json' }) about!: unknown;
  @Field({ type: 'blob' }) bytes!: Uint8Array | null;
}

export const OWN_FIELDS = ['name', 'code', 'size', 'big', 'price', 'done', 'at', 'day', 'about', 'bytes'] as const;
export type OwnField = (typeof OWN_FIELDS)[number];
/** What a caller gives; a field that is not there is left as it is. */
export type Values = Partial<Record<OwnField, unknown>>;

const LETTERS = ['a', 'A', 'b', '%', '_', '\\', '!', '*', ' ', 'é', '\uffee', '😀', "'", '"', '\n', '[', '?'];
export const text: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...LETTERS), { maxLength: 4 })
  .map((letters) => letters.join(''));

const scalar = fc.oneof(fc.constantFrom(null, true, false, 0, 1, -1, 0.1, 1e21, 2 ** 53), text);
const members = fc.constantFrom('a', 'b', '"', '__proto__', 'a.b', '0');
const document: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.array(fc.tuple(members, tie('node')), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs) as unknown),
  ),
})).node;

/** Few values each, so that they meet again in filters, unique keys and saves that change nothing. */
export const VALUE: Record<OwnField, fc.Arbitrary<unknown>> = {
  name: fc.oneof(fc.constantFrom('a', 'A', 'a ', ''), text),
  code: fc.constantFrom('x', 'X', 'x ', 'y', 'z'),
  size: fc.constantFrom(-1, 0, 1, 7, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  big: fc.constantFrom(0n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  price: fc.constantFrom('0.00', '-0.01', '9.99', '10.00', '-9999999999.99', '9999999999.99'),
  done: fc.boolean(),
  at: fc
    .constantFrom(0, 1, -1, 1_774_746_000_000, 1_793_494_799_999, 253_402_300_799_999, -62_135_596_800_000)
    .map((ms) => new Date(ms)),
  day: fc.constantFrom('0001-01-01', '1969-12-31', '2024-02-29', '9999-12-31'),
  about: document.filter((value) => value !== null),
  bytes: fc.constantFrom([], [0], [0, 255], [92, 39, 34], [255]).map((bytes) => Uint8Array.from(bytes)),
};

/** Some of the fields; about one in four of them NULL. */
export const values: fc.Arbitrary<Values> = fc
  .record(
    Object.fromEntries(OWN_FIELDS.map((field) => [field, fc.option(VALUE[field], { freq: 3 })])) as Record<
      OwnField,
      fc.Arbitrary<unknown>
    >,
    { requiredKeys: [] },
  )
  .map((given) => ({ ...given }));

/** A value as text: equal values give equal text, whatever the order of their members. */
export function canonical(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `@${value.toISOString()}`;
  if (value instanceof Uint8Array) return `#${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}
