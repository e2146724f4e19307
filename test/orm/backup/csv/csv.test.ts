import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvLimits, type CsvRecord, readCsv } from '../../../../src/orm/backup/csv/csv-reader.js';
import { csvRecord } from '../../../../src/orm/backup/csv/csv-writer.js';
import { TEXTS } from '../hostile.js';

async function parse(text: string | Buffer, chunk = 1 << 16, limits?: CsvLimits): Promise<CsvRecord[]> {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, at) =>
    bytes.subarray(at * chunk, (at + 1) * chunk),
  );
  const records: CsvRecord[] = [];
  for await (const some of readCsv(Readable.from(pieces), limits)) records.push(...some);
  return records;
}

describe('a CSV file', () => {
  it('keeps NULL apart from the empty text', async () => {
    expect(csvRecord(['', null, 'NULL', null])).toBe('"",,NULL,\n');
    expect(await parse('"",,NULL,\n')).toEqual([['', null, 'NULL', null]]);
    expect(csvRecord([null])).toBe('\n');
    expect(await parse('a\n\nb\n')).toEqual([['a'], [null], ['b']]);
  });

  it('gives back every cell, wherever it is cut into chunks', async () => {
    const cell = fc.oneof(fc.constant(null), fc.constantFrom(...TEXTS), fc.string({ unit: 'binary' }));
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width })));
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 40 }), async (rows, chunk) => {
        expect(await parse(rows.map(csvRecord).join(''), chunk)).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  it('may end its lines with CRLF, and need not end the last one', async () => {
    expect(await parse('a,b\r\n"x\r\ny",\r\n1,2')).toEqual([
      ['a', 'b'],
      ['x\r\ny', null],
      ['1', '2'],
    ]);
  });

  it('leaves formulas as they are: who reads backups is no spreadsheet', () => {
    expect(csvRecord(['=1+1', '@SUM(A1)', '-2', '+3'])).toBe('=1+1,@SUM(A1),-2,+3\n');
  });

  it('is refused where it is broken, or made to fill memory', async () => {
    await expect(parse('a,"b\n')).rejects.toThrow('ends inside a quoted value');
    await expect(parse('a,b"c"\n')).rejects.toThrow('Record 1 of the CSV file has a quote inside an unquoted value');
    await expect(parse('a\n"b"c\n')).rejects.toThrow('Record 2 of the CSV file has text behind a closing quote');
    const limits = { maxRecord: 100, maxCells: 10 };
    await expect(parse(`"${'x'.repeat(1_000)}`, 64, limits)).rejects.toThrow('is longer than any record may be');
    await expect(parse(`${','.repeat(50)}\n`, 64, limits)).rejects.toThrow('has more values than any record may have');
  });
});
