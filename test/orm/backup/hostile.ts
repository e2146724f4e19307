import { Entity, Field, Model } from '../../../src/orm/index.js';

@Entity({
  table: 'vaults',
  unique: [{ fields: ['code'], where: "[code] <> 'free'" }],
  indexes: ['label', ['label', 'createdAt desc']].map((fields) => [fields].flat()),
})
export class Vault extends Model {
  @Field({ type: 'string', nullable: false, default: "it's" }) label!: string;
  @Field({ type: 'string' }) code?: string | null;
  @Field({ type: 'integer', default: 7, check: '[amount] > -10' }) amount!: number;
}

@Entity({ table: 'treasures' })
export class Treasure extends Model {
  @Field({ type: 'uuid', references: () => Vault, onDelete: 'cascade' }) vaultId?: string | null;
  @Field({ type: 'string', length: 300 }) string?: string | null;
  @Field({ type: 'text' }) text?: string | null;
  @Field({ type: 'integer' }) integer?: number | null;
  @Field({ type: 'bigint' }) bigint?: bigint | null;
  @Field({ type: 'number' }) number?: number | null;
  @Field({ type: 'decimal', precision: 12, scale: 2 }) decimal?: string | null;
  @Field({ type: 'decimal', precision: 38, scale: 10 }) longDecimal?: string | null;
  @Field({ type: 'boolean', default: false }) boolean?: boolean | null;
  @Field({ type: 'datetime' }) datetime?: Date | null;
  @Field({ type: 'date' }) date?: string | null;
  @Field({ type: 'json' }) json?: unknown;
  @Field({ type: 'uuid' }) uuid?: string | null;
  @Field({ type: 'blob' }) blob?: Uint8Array | null;
}

export const HOSTILE_ENTITIES = [Vault, Treasure];

export const TEXTS = [
  '',
  ' ',
  ',',
  ',,',
  '"',
  '""',
  '"quoted"',
  '\n',
  '\r\n',
  '\r',
  'a\nb',
  'a,"b"\r\nc',
  'NULL',
  '\\N',
  '\\',
  '\\"',
  "'; DROP TABLE vaults; --",
  '=1+1',
  '@SUM(A1)',
  '🦊',
  'é vs e\u0301',
  '\u2028\ufeff\u200b',
  ' trailing ',
  '{"a":1}',
];

/** Where engines begin to write numbers in other ways. */
const NUMBERS = [1e15, -123456789012345680, 1e20, 1e21, 1.5e-5, 0.0001, 1e-6, 9.9e-7, 1e-7, -1e-300, -0];

/** Rows of every type at its edges. */
export async function saveHostileRows(vaultId: string, more: readonly object[] = []): Promise<void> {
  const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
  const rows = [
    ...TEXTS.map((text) => ({ string: text, text, json: { [text]: [text] } })),
    { bigint: 2n ** 53n + 1n, integer: Number.MAX_SAFE_INTEGER, number: 0.1 + 0.2 },
    { bigint: -(2n ** 63n), integer: -1, number: 1e308, decimal: '-0.01' },
    { bigint: 2n ** 63n - 1n, number: 5e-324, longDecimal: '1234567890123456789012345678.0123456789' },
    { longDecimal: '-9999999999999999999999999999.9999999999', decimal: '9999999999.99' },
    { date: '0001-01-01', datetime: new Date('0001-01-01T00:00:00.000Z'), boolean: true },
    { date: '9999-12-31', datetime: new Date('9999-12-31T23:59:59.999Z'), boolean: false },
    { text: 'x'.repeat(1_048_576), blob: bytes },
    { blob: new Uint8Array(), uuid: '018f4e9e-7a3c-7cc2-b7f5-3b8f0d1d2e3f' },
    { json: { z: 1, a: { d: [null, true, 1.5, 'x'], b: {} }, 10: 'ten', 9: 'nine' } },
    { json: [1e21, 123456789012345680000, 0.000001, 1e-7] },
    { json: null },
    ...NUMBERS.map((number) => ({ number })),
    { date: '0000-12-31', datetime: new Date('0000-12-31T23:59:59.000Z') },
    ...more,
  ];
  await Treasure.saveMany(rows.map((row) => ({ vaultId, ...row })) as never);
}
