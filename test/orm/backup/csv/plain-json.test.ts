import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell } from '../../../../src/orm/backup/csv/csv-cell.js';
import { anyJson, canonicalJsonCell, canonicalJsonText } from '../../../../src/orm/backup/values/canonical-json.js';
import { endOfCanonical } from '../../../../src/orm/backup/values/canonical-scan.js';
import { plainJson, plainJsonCell } from '../../../../src/orm/backup/values/plain-json.js';
import { PlainJsonBytes } from '../../../../src/orm/backup/values/plain-json-bytes.js';

/** As PostgreSQL writes documents: a blank behind every colon and comma that is none of a text. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`);
  return `{${members.join(', ')}}`;
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

const json = new PlainJsonBytes();

/** From bytes to bytes it takes the same documents, wherever the cell stands, and writes the same. */
function expectSameBytes(cell: string): void {
  for (const [before, behind] of [
    ['', ',",a"'],
    ['x,', ',2]\n'],
    [',', '\n'],
  ] as const) {
    const from = Buffer.from(before + cell + behind, 'latin1');
    const to = Buffer.alloc(cell.length + 3, '#');
    const end = json.write(from, before.length, to, 3);
    const plain = plainJsonCell(cell);
    const wanted = plain === undefined ? [-1, '###'] : [before.length + cell.length, `###${plain}`];
    expect([end, to.toString('latin1', 0, end < 0 ? 3 : json.written)], cell).toEqual(wanted);
  }
}

function expectSame(text: string): void {
  const wanted = anyJson(text);
  expect(canonicalJsonText(text), text).toBe(wanted);
  expect(canonicalJsonCell(bytes(csvCell(text))), text).toBe(bytes(csvCell(wanted)));
  expectSameBytes(bytes(csvCell(text)));
  const encoded = Buffer.from(`${text}\x1f`);
  const isKnown = endOfCanonical(encoded, 0) === encoded.length - 1;
  expect(isKnown, text).toBe(plainJson(text) === text && !/[\p{Cs}]/u.test(text));
}

const NUMBERS = '0 -0 00 01 -1 1.5 1.50 0.0 -0.5 0.000001 0.0000001 123456789012345 1234567890123456 12.3456789012345'
  .concat(' 1e3 1E3 1. .5 - -a 1.5e-7 99999999999.9999 -0.000001 1-2 0x1 +1')
  .split(' ');
const OTHERS = [
  '',
  ' ',
  '{}',
  '[]',
  '{ }',
  '[1,]',
  '[1',
  '[1 ]',
  '[ 1]',
  '{"a":1,"a":2}',
  '{"b":1,"a":2,"b":3}',
  '{"a!":1,"a":2}',
  '{"a" :1}',
  '{"a":  1}',
  '{"a":1,}',
  '{a:1}',
  '{"ü":1,"a":2}',
  '{"\u{1f98a}":1,"\uffff":2}',
  '{"10":1,"9":2,"__proto__":3}',
  '{"a":tru}',
  'nul',
  'truex',
  '"a',
  'a"',
  '"a"b',
  '"\\u0041"',
  '"a\\"b"',
  '"\u2028 \u007f é"',
  '{"a":"b,c","d":[{"e":null},false,true]}',
  '['.repeat(65) + ']'.repeat(65),
  '['.repeat(64) + ']'.repeat(64),
  `{${Array.from({ length: 200 }, (_, at) => `"n${(at * 7) % 200}":${at}`).join(',')}}`,
  `{${Array.from({ length: 64 }, (_, at) => `"n${99 - at}":"${'x'.repeat(at * 9)}"`).join(',')}}`,
];

/** Names that are nearly the same, in any order, and sometimes twice. */
const name = fc.string({ unit: fc.constantFrom('a', 'b', '!', ' ', '"', '\\', 'é', '0', '\u007f'), maxLength: 3 });
const { hostile } = fc.letrec<{ hostile: string }>((tie) => {
  const plain = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('é', '🦊', 'x', ',', ' '), minLength: 100, maxLength: 300 }),
    fc.double(),
    fc.integer(),
    fc.constant(null),
  );
  const space = fc.constantFrom('', ' ', ' ', ' ', '  ', '\n');
  const member = fc
    .tuple(name, space, tie('hostile'))
    .map(([key, gap, value]) => `${JSON.stringify(key)}:${gap}${value}`);
  const joined = (items: fc.Arbitrary<string>) =>
    fc.tuple(fc.array(items, { maxLength: 9 }), space).map(([parts, gap]) => parts.join(`,${gap}`));
  return {
    hostile: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        plain.map((value) => JSON.stringify(value)),
        fc.constantFrom(...NUMBERS, 'true', 'nul'),
      ),
      joined(member).map((members) => `{${members}}`),
      joined(tie('hostile')).map((items) => `[${items}]`),
    ),
  };
});

describe('the short way to the canonical text of a document', () => {
  it('gives what the long one gives, for whatever document, and for what is none', () => {
    for (const text of [...NUMBERS, ...OTHERS])
      for (const whole of [text, `[${text}]`, `{"a":${text}}`]) expectSame(whole);
    const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.dictionary(fc.string({ maxLength: 3 }), fc.integer()));
    fc.assert(
      fc.property(value, (document) => {
        expectSame(JSON.stringify(document));
        expectSame(spaced(document));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(value, fc.nat(), fc.constantFrom(...'{}[],:"\\ 0-.e\n'), (document, at, character) => {
        const text = JSON.stringify(document);
        const place = at % (text.length + 1);
        expectSame(text.slice(0, place) + character + text.slice(place));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives it for names that are nearly the same, and in whatever order', () => {
    fc.assert(fc.property(hostile, expectSame), { numRuns: 2_000 });
  });

  it('is taken by documents as people have them', () => {
    const usual = { sizes: [1, 2.5, -3], colour: 'red, "not" green'.replaceAll('"', "'"), more: { b: null, a: true } };
    for (const text of [JSON.stringify(usual), spaced(usual)]) expect(plainJson(text)).toBe(anyJson(text));
  });

  it('is left where members would be moved again and again, at every depth', () => {
    const late = Array.from({ length: 60 }, (_, at) => `"n${99 - at}":0`).join(',');
    const nested = (depth: number): string =>
      depth === 0 ? `"${'x'.repeat(1_000)}"` : `{"z":${nested(depth - 1)},${late}}`;
    const cell = csvCell(nested(40));
    expect(json.write(Buffer.from(`${cell},`), 0, Buffer.alloc(cell.length), 0)).toBe(-1);
    expect(canonicalJsonCell(cell)).toBe(csvCell(anyJson(nested(40))));
  });
});
