import { describe, expect, it } from 'vitest';
import { arrays } from '../../../src/orm/postgres/arrays.js';

describe('an array parameter', () => {
  it('quotes text, so that no value can end it or pass for NULL', () => {
    expect(arrays.encode(['a"b', 'c\\', 'NULL', '', '{,}', null])).toBe('{"a\\"b","c\\\\","NULL","","{,}",NULL}');
  });

  it('carries numbers, booleans and bytes', () => {
    expect(arrays.encode([1.5, -2n, true, Buffer.from([0, 255])])).toBe('{1.5,-2,true,"\\\\x00ff"}');
    expect(arrays.encode([])).toBe('{}');
  });

  it('has the type of its column without the size, which a cast would cut values to', () => {
    expect(arrays.elementType('character varying(255) COLLATE "C"')).toBe('character varying');
    expect(arrays.elementType('numeric(12,2)')).toBe('numeric');
    expect(arrays.elementType('timestamp(3) with time zone')).toBe('timestamp with time zone');
  });
});
