import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJsonText } from '../../../../src/orm/backup/values/canonical-json.js';

it('writes a document as the one text that every engine gives for it', () => {
  expect(canonicalJsonText('{ "b": 1.10, "a": [1E2, -0, 1e-7] }')).toBe('{"a":[100,0,1e-7],"b":1.1}');
  expect(canonicalJsonText('{"b":1,"a":{"d":1,"c":2}}')).toBe('{"a":{"c":2,"d":1},"b":1}');
});

it('loses no digit of a number that JavaScript cannot hold', () => {
  expect(canonicalJsonText('[9007199254740993, 0.1234567890123456789, -12345678901234567890.50]')).toBe(
    '[9007199254740993,1234567890123456789e-19,-123456789012345678905e-1]',
  );
  expect(canonicalJsonText('1e400')).toBe('1e400');
  expect(canonicalJsonText(`1${'0'.repeat(400)}`)).toBe('1e400');
  expect(canonicalJsonText('{"9007199254740993":"9007199254740993"}')).toBe('{"9007199254740993":"9007199254740993"}');
});

it('leaves what is no JSON as it is', () => {
  expect(canonicalJsonText('{broken')).toBe('{broken');
});

it('says the same of the same document, and nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJsonText(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJsonText(text)).toBe(text);
    }),
  );
});
