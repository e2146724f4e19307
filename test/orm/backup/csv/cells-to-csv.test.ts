import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellsToCsv } from '../../../../src/orm/backup/csv/cells-to-csv.js';
import { countByte } from '../../../../src/orm/backup/csv/count-byte.js';
import { csvRecord } from '../../../../src/orm/backup/csv/csv-writer.js';
import { canonicalJsonText } from '../../../../src/orm/backup/values/canonical-json.js';

const END = '\x1f';
const EMPTY = '\x1e';
const cellOf = (text: string | null): string => `${text === '' ? EMPTY : (text ?? '')}${END}`;
const pageOf = (rows: ReadonlyArray<ReadonlyArray<string | null>>): Buffer =>
  Buffer.from(rows.map((row) => row.map(cellOf).join('')).join(''));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'é', '🦊'), maxLength: 12 }),
);
const storable = text.filter((value) => !value.includes(END) && value !== EMPTY && !/\p{Cs}/u.test(value));
const json = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 1)),
  fc.constantFrom('', '1e20', '[1e20,1e20,1e20,1e20]', '{"b":1,"a":2}', 'no JSON', '"'),
);

describe('the cells that an engine writes', () => {
  it('become the CSV that their values have', () => {
    const row = fc.tuple(
      fc.option(storable),
      fc.option(json.filter((value) => !/\p{Cs}/u.test(value))),
      fc.option(storable),
    );
    fc.assert(
      fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
        const wanted = rows.map(([a, b, c]) => csvRecord([a, b === null ? null : canonicalJsonText(b), c]));
        expect(new CellsToCsv(['text', 'json', 'text']).csv(pageOf(rows)).toString()).toBe(wanted.join(''));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are one column, or many, and far longer once they are quoted', () => {
    const quotes = '"'.repeat(5_000);
    const rows = [['a'], [null], [''], [quotes], [quotes], ['b']];
    expect(new CellsToCsv(['text']).csv(pageOf(rows)).toString()).toBe(rows.map(csvRecord).join(''));
    const wide = Array.from({ length: 900 }, (_, at) => (at % 3 === 0 ? null : `,${at}`));
    expect(new CellsToCsv(wide.map(() => 'text')).csv(pageOf([wide, wide])).toString()).toBe(csvRecord(wide).repeat(2));
  });

  it('are counted by the byte that ends them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 0, max: 255 }), (bytes, wanted) => {
        expect(countByte(bytes, wanted)).toBe(bytes.filter((byte) => byte === wanted).length);
      }),
    );
    expect(
      countByte(
        Uint8Array.from({ length: 1_024 }, (_, at) => at),
        0x1f,
      ),
    ).toBe(4);
  });
});
