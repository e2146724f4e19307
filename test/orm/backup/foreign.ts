import type { Database } from '../../../src/orm/index.js';

/** A table as another program would make it. */
export interface ForeignTable {
  readonly name: string;
  /** The engine that knows its types; left out where all do. */
  readonly only?: string;
  readonly columns: string;
  readonly rows: number;
  row(at: number): unknown[];
}

const FEW = 60;
/** More than two pages of a reader, so that pages end between rows of the same first column. */
const MANY = 4_500;
const ROWS_OF_INSERT = 500;

const letters = (at: number): string => (at % 2 === 0 ? 'a' : 'B');

export const FOREIGN_TABLES: readonly ForeignTable[] = [
  { name: 't_int', columns: 'k INT PRIMARY KEY, v VARCHAR(20)', rows: MANY, row: (at) => [at * 7 - 50, `v${at}`] },
  { name: 't_small', columns: 'k SMALLINT PRIMARY KEY', rows: FEW, row: (at) => [at - 9] },
  { name: 't_big', columns: 'k BIGINT PRIMARY KEY', rows: MANY, row: (at) => [2n ** 62n + BigInt(at)] },
  { name: 't_text', columns: 'k VARCHAR(20) PRIMARY KEY', rows: MANY, row: (at) => [letters(at) + at] },
  {
    name: 't_decimal',
    columns: 'k DECIMAL(10, 2) PRIMARY KEY, v INT',
    rows: MANY,
    row: (at) => [(at * 1.25 - 30).toFixed(2), at],
  },
  {
    name: 't_composite',
    columns: 'kind VARCHAR(9) NOT NULL, k INT NOT NULL, PRIMARY KEY (kind, k)',
    rows: MANY,
    row: (at) => ['zam'[at % 3], at],
  },
  {
    name: 't_keyless',
    columns: 'k INT, v VARCHAR(9)',
    rows: FEW,
    row: (at) => [at % 5, at % 4 === 0 ? null : `x${at % 3}`],
  },
  {
    name: 't_same',
    columns: 'k INT, v VARCHAR(9)',
    rows: MANY,
    row: (at) => (at % 3 === 0 ? [null, null] : [1, 'same']),
  },
  {
    name: 't_untyped',
    only: 'sqlite',
    columns: 'k REAL PRIMARY KEY, v, n NUMERIC',
    rows: FEW,
    row: (at) => [at / 3, Buffer.from([255, 0, at]), at + 0.5],
  },
  {
    name: 't_nocase',
    only: 'sqlite',
    columns: 'k TEXT COLLATE NOCASE PRIMARY KEY',
    rows: MANY,
    row: (at) => [letters(at) + at],
  },
  {
    name: 't_computed',
    only: 'sqlite',
    columns: `k INT PRIMARY KEY, "a, b" TEXT, twice INT GENERATED ALWAYS AS (k * 2) STORED,
      -- ) AS (
      [said] TEXT AS ('it''s), ' || "a, b" /* ) */) VIRTUAL CHECK (length(said) > 0)`,
    rows: FEW,
    row: (at) => [at, `x${at}`],
  },
  {
    name: 't_rich',
    only: 'postgresql',
    columns: 'k INT[] PRIMARY KEY, v JSON, r REAL, d INT GENERATED ALWAYS AS (1 + 1) STORED, n NUMERIC',
    rows: FEW,
    row: (at) => [`{${100 - at},1}`, '{"b":1, "a":2}', at / 10, undefined, `${at}.50`],
  },
  {
    name: 't_collated',
    only: 'postgresql',
    columns: 'k TEXT COLLATE "und-x-icu" PRIMARY KEY, s SERIAL',
    rows: FEW,
    row: (at) => [`${at % 2 === 0 ? 'é' : 'E'}${at}`, at],
  },
  {
    name: 't_enum',
    only: 'mariadb',
    columns: "kind ENUM('z', 'it''s', 'a') NOT NULL, k INT NOT NULL, PRIMARY KEY (kind, k)",
    rows: MANY,
    row: (at) => [['z', "it's", 'a'][at % 3], at],
  },
  {
    name: 't_bytes',
    only: 'mariadb',
    columns: 'k BINARY(4) PRIMARY KEY, v VARBINARY(9), b BIT(1), g POINT, f FLOAT',
    rows: FEW,
    row: (at) => [Buffer.from([255, 0, at, 1]), Buffer.from([128]), at % 2, undefined, 16_777_217 / (at + 1)],
  },
  {
    name: 't_bits',
    only: 'mariadb',
    columns: "k BIT(64) PRIMARY KEY, b BIT(12) NOT NULL DEFAULT b'101', f BIT(1)",
    rows: FEW,
    row: (at) => [2n ** 64n - 1n - BigInt(at), at === 0 ? undefined : 4_095 - at, at % 3 === 0 ? null : at % 2],
  },
  {
    name: 't_computed',
    only: 'mariadb',
    columns: `k INT PRIMARY KEY, v VARCHAR(20), twice INT GENERATED ALWAYS AS (k * 2) STORED,
      said VARCHAR(40) GENERATED ALWAYS AS (concat('it''s \\n', v)) VIRTUAL, KEY by_said (said),
      CONSTRAINT said_so CHECK (v <> 'it''s \\n')`,
    rows: FEW,
    row: (at) => [at, `x${at}`, undefined, undefined],
  },
  {
    name: 't_digits',
    only: 'mariadb',
    columns: 'k TINYINT(1) NOT NULL, n BIGINT UNSIGNED NOT NULL, PRIMARY KEY (k, n)',
    rows: MANY,
    row: (at) => [at % 9, 2n ** 64n - 1n - BigInt(at)],
  },
  {
    name: 't_collation',
    only: 'mariadb',
    columns: 'k VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY',
    rows: FEW,
    row: (at) => [`${at % 2 === 0 ? 'é' : 'E'}${at}`],
  },
];

/** A value that is `undefined` is left to the table. */
export async function makeTable(db: Database, { name, columns, rows, row }: ForeignTable): Promise<void> {
  await db.execute(`CREATE TABLE ${name} (${columns})`);
  for (let from = 0; from < rows; from += ROWS_OF_INSERT) {
    const values = Array.from({ length: Math.min(ROWS_OF_INSERT, rows - from) }, (_, at) => row(from + at));
    const list = values.map((cells) => `(${cells.map((cell) => (cell === undefined ? 'DEFAULT' : '?')).join(', ')})`);
    const params = values.flat().filter((cell) => cell !== undefined);
    await db.execute(`INSERT INTO ${name} VALUES ${list.join(', ')}`, params as never);
  }
}
