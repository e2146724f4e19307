import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell } from '../../../../src/orm/backup/csv/csv-cell.js';
import { anyJson, canonicalJsonCell, canonicalJsonText } from '../../../../src/orm/backup/values/canonical-json.js';
import { endOfCanonical } from '../../../../src/orm/backup/values/canonical-scan.js';
import { plainJson } from '../../../../src/orm/backup/values/plain-json.js';

/** As PostgreSQL writes documents: a blank behind every colon and comma that is none of a text. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`);
  return `{${members.join(', ')}}`;
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function expectSame(text: string): void {
  const wanted = anyJson(text);
  expect(canonicalJsonText(text), text).toBe(wanted);
  expect(canonicalJsonCell(bytes(csvCell(text))), text).toBe(bytes(csvCell(wanted)));
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
];

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

  it('is taken by documents as people have them', () => {
    const usual = { sizes: [1, 2.5, -3], colour: 'red, "not" green'.replaceAll('"', "'"), more: { b: null, a: true } };
    for (const text of [JSON.stringify(usual), spaced(usual)]) expect(plainJson(text)).toBe(anyJson(text));
  });
});
