import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BytesRewriter } from '../../../../src/orm/backup/csv/bytes-rewriter.js';
import { CsvFault } from '../../../../src/orm/backup/csv/csv-cell.js';
import { CsvRewriter, RecordFault } from '../../../../src/orm/backup/csv/csv-rewriter.js';
import { csvRecord } from '../../../../src/orm/backup/csv/csv-writer.js';
import { canonicalJsonCell } from '../../../../src/orm/backup/values/canonical-json.js';

const text = fc.option(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'é'), maxLength: 8 }),
  ),
);
const json = fc.option(fc.oneof(fc.json(), fc.constantFrom('{"b": 1, "a": 2}', '[1e20, 1e20, 1e20, 1e20]', '1')));

describe('CSV of a server, rewritten as bytes', () => {
  it('is what it becomes as text', () => {
    const grown = (cell: string): string => (cell.length % 2 === 0 ? `${cell.replaceAll('"', '')}grown` : cell);
    const rewrites = [undefined, canonicalJsonCell, grown, undefined];
    const ways = [undefined, { cell: canonicalJsonCell, isJson: true }, { cell: grown }, undefined];
    fc.assert(
      fc.property(fc.array(fc.tuple(text, json, text, text), { maxLength: 12 }), (rows) => {
        const lines = Buffer.from(rows.map(csvRecord).join(''));
        const wanted = new CsvRewriter(rewrites).rewrite(lines.toString('latin1'));
        const rewriter = new BytesRewriter(ways);
        for (const _ of [1, 2]) expect(rewriter.rewrite(lines).toString('latin1')).toBe(wanted);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the very same where nothing changes', () => {
    const lines = Buffer.from('1,2\n"3,",\n');
    expect(new BytesRewriter([{ cell: (cell) => cell }, undefined]).rewrite(lines)).toBe(lines);
  });

  it('is refused where it is none', () => {
    const rewrite = (lines: string) => () => new BytesRewriter([undefined, undefined]).rewrite(Buffer.from(lines));
    expect(rewrite('1,2\n3\n')).toThrow(new RecordFault(2, undefined, 'has 1 values'));
    for (const lines of ['1,2', '1,"2', '1,"2"3\n', '1,"2""\n']) expect(rewrite(lines), lines).toThrow(CsvFault);
  });
});
