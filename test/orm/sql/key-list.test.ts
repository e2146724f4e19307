import { describe, expect, it } from 'vitest';
import { createCodec, ValueFault } from '../../../src/orm/entity/codec.js';
import { KeyList } from '../../../src/orm/sql/write/key-list.js';

const sizes = { length: 5, precision: 10, scale: 2 };
const codecs = [createCodec('string', sizes), createCodec('datetime', sizes), createCodec('integer', sizes)];
const list = new KeyList(['name', 'at', 'count'], codecs);

describe('a list of keys', () => {
  it('knows the keys that are its own, in their order', () => {
    expect(list.isThatOf(['name', 'at', 'count'])).toBe(true);
    expect(list.isThatOf(['at', 'name', 'count'])).toBe(false);
    expect(list.isThatOf(['name', 'at'])).toBe(false);
    expect(list.isThatOf(['name', 'at', 'count', 'more'])).toBe(false);
  });

  it('encodes values, and tells NULL from what was not given', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(list.encode({ name: 'a', at, count: 7 })).toEqual(['a', '2026-01-02T03:04:05.678Z', 7]);
    expect(list.encode({ name: null, at: undefined, count: null })).toEqual([null, undefined, null]);
    expect(() => list.encode({ name: 'a', at, count: 1.5 })).toThrow(ValueFault);
  });
});
