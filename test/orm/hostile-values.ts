import type * as Orm from '../../src/orm/index.js';

/** The values that some engine, driver or time zone is known to bend. Runs in processes of its own, so it imports nothing. */
type OrmModule = Pick<typeof Orm, 'Entity' | 'Field' | 'Model'>;

const HOUR = 3_600_000;

/** Every moment beside which a clock is put on or back somewhere, and those around it. */
const around = (...moments: string[]): Date[] =>
  moments.flatMap((moment) => [-HOUR, -1, 0, 1, 7, HOUR].map((away) => new Date(new Date(moment).getTime() + away)));

const DATETIMES = [
  ...around(
    '2011-12-30T10:00:00.000Z',
    '2026-03-08T05:30:00.000Z',
    '2026-11-01T04:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
  ),
  ...around(
    '1988-04-03T03:31:00.000Z',
    '2006-10-29T02:31:00.000Z',
    '2021-04-03T14:00:00.000Z',
    '1900-01-01T00:00:00.000Z',
  ),
  ...around('1970-01-01T12:00:00.000Z', '2038-01-19T03:14:07.999Z', '2000-02-29T23:59:59.999Z'),
  new Date('0001-01-01T00:00:00.000Z'),
  new Date('0099-12-31T23:59:59.001Z'),
  new Date('1582-10-10T12:00:00.000Z'),
  new Date('9999-12-31T23:59:59.999Z'),
];

const DATES = [
  ...['0001-01-01', '0099-12-31', '1582-10-04', '1582-10-10', '1582-10-15', '1900-02-28', '1900-03-01', '9999-12-31'],
  // The day that Samoa left out, and days that begin with another hour than midnight.
  ...['2011-12-29', '2011-12-30', '2011-12-31', '2026-03-08', '2026-11-01', '2006-10-29', '2021-04-04', '2024-02-29'],
  ...Array.from({ length: 12 }, (_, month) => `2026-${String(month + 1).padStart(2, '0')}-01`),
];

const NINES = '9'.repeat(38);
const EVERY_CHARACTER = Array.from({ length: 0xffff }, (_, code) => code + 1)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCharCode(code))
  .join('');

const nested = (levels: number): unknown => (levels === 0 ? 'deep' : { [`level ${levels}`]: [nested(levels - 1)] });

/** By field, each value as it is given and as it comes back. */
export const HOSTILE: Readonly<Record<string, ReadonlyArray<readonly [given: unknown, back?: unknown]>>> = {
  at: DATETIMES.map((value) => [value]),
  day: DATES.map((value) => [value]),
  big: [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 32n, 0n].map((value) => [value]),
  whole: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, -(2 ** 31) - 1, 2 ** 32].map((value) => [value]),
  number: [0.1 + 0.2, 5e-324, 2 ** -1022, 1.7976931348623157e308, 1e21, 123456789012345680000, 1 / 3, -1e-7].map(
    (value) => [value],
  ),
  wide: [NINES, `-${NINES}`, '1', `1${'0'.repeat(37)}`].map((value) => [value]),
  fine: [['0.1', `0.1${'0'.repeat(29)}`], [`-${'9'.repeat(8)}.${'9'.repeat(30)}`], [`0.${'0'.repeat(29)}1`]],
  middle: [[`${'9'.repeat(28)}.${'9'.repeat(10)}`], ['-0.0000000001'], ['-0', '0.0000000000']],
  text: [
    EVERY_CHARACTER,
    '\r\n\r',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
    'e\u0301 \u00e9',
    ' \t ',
    '\\0 \\N \\',
    "''\"`",
    `${'x'.repeat(2 ** 20)}😀`,
  ].map((value) => [value]),
  short: ['\u{10ffff}'.repeat(10), '😀😀😀😀😀😀😀😀😀😀', '          ', '%_!\\\'"`?[$'].map((value) => [value]),
  json: [
    nested(30),
    [[], {}, '', 0, -1.5e-9, 1e300, true, null, '\u2028', '\\u0000', '"', '😀'],
    { '': 1, ' ': 2, '"': 3, '\\': 4, '\n': 5, ключ: 6, a: { A: 1, a: 2 } },
    'x'.repeat(2 ** 20),
    2 ** 53,
    0.1 + 0.2,
  ].map((value) => [value]),
  uuid: [
    ['01890A5D-AC96-774B-BCCE-B302099A8057', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ],
  bytes: [
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    new Uint8Array(0),
    new Uint8Array(2 ** 20).fill(0x27),
  ].map((value) => [value]),
  flag: [[true], [false]],
};

/** The entity that has a field for each kind of value. */
export function hostileEntity({ Entity, Field, Model }: OrmModule): typeof Orm.Model {
  class Hostile extends Model {}
  const fields: Record<string, Orm.FieldOptions> = {
    at: { type: 'datetime' },
    day: { type: 'date' },
    big: { type: 'bigint' },
    whole: { type: 'integer' },
    number: { type: 'number' },
    wide: { type: 'decimal', precision: 38, scale: 0 },
    fine: { type: 'decimal', precision: 38, scale: 30 },
    middle: { type: 'decimal', precision: 38, scale: 10 },
    text: { type: 'text' },
    short: { type: 'string', length: 10 },
    json: { type: 'json' },
    uuid: { type: 'uuid' },
    bytes: { type: 'blob' },
    flag: { type: 'boolean' },
  };
  for (const [name, options] of Object.entries(fields))
    (Field(options) as (target: object, property: string) => void)(Hostile.prototype, name);
  (Entity({ table: 'hostile' }) as (target: typeof Orm.Model) => void)(Hostile);
  return Hostile;
}

/** A value as text, for processes to compare. */
function plain(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return `[${value.map(plain).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${plain(member)}`).join()}}`;
}

type Rows = { [field: string]: unknown; id: string };
type Verbs = {
  save(row: object): Promise<Rows>;
  saveMany(rows: readonly object[]): Promise<Rows[]>;
  update(id: string, changes: object): Promise<Rows | null>;
  getOrThrow(id: string): Promise<Rows>;
  getVersion(id: string, version: number): Promise<Rows | null>;
  count(options: object): Promise<number>;
};

/** Writes every value in three ways. @returns what did not come back as it was, and how many values did. */
export async function writeHostile(entity: typeof Orm.Model): Promise<{ faults: string[]; values: number }> {
  const verbs = entity as unknown as Verbs;
  const faults: string[] = [];
  let count = 0;
  for (const [field, values] of Object.entries(HOSTILE)) {
    const ids = values.map((_, index) => `${field} ${index}`);
    await verbs.saveMany(values.map(([given], index) => ({ id: `many ${ids[index]}`, [field]: given })));
    for (const [index, [given, back = given]] of values.entries()) {
      const id = ids[index] as string;
      const saved = await verbs.save({ id, [field]: given });
      const blank = await verbs.save({ id: `blank ${id}` });
      const updated = await verbs.update(blank.id, { [field]: given });
      const again = await verbs.save({ id, [field]: given });
      const seen = [
        saved,
        updated,
        await verbs.getOrThrow(id),
        await verbs.getOrThrow(`many ${id}`),
        await verbs.getVersion(id, 1),
      ];
      for (const [at, row] of seen.entries())
        if (plain(row?.[field]) !== plain(back)) faults.push(`${id}, way ${at}: ${plain(row?.[field]).slice(0, 99)}`);
      if (again.version !== 1) faults.push(`${id}: the same value was taken for another one`);
      const found = field === 'json' ? 1 : await verbs.count({ where: { id, [field]: given } });
      if (found !== 1) faults.push(`${id}: not found by its value`);
      count += 1;
    }
  }
  return { faults, values: count };
}

/** Reads what another process has written. */
export async function readHostile(entity: typeof Orm.Model): Promise<{ faults: string[]; values: number }> {
  const verbs = entity as unknown as Verbs;
  const faults: string[] = [];
  let count = 0;
  for (const [field, values] of Object.entries(HOSTILE)) {
    for (const [index, [given, back = given]] of values.entries()) {
      const row = await verbs.getOrThrow(`${field} ${index}`);
      if (plain(row[field]) !== plain(back)) faults.push(`${field} ${index}: ${plain(row[field]).slice(0, 99)}`);
      count += 1;
    }
  }
  return { faults, values: count };
}
