import { describe, expect, it } from 'vitest';
import { jsonLoss } from '../../src/base/json-loss.js';

const lossOf = (value: unknown): string | undefined => jsonLoss(value, JSON.stringify({ value }));

describe('what JSON leaves out', () => {
  it.each([
    [new Map([['a', 1]]), 'a Map'],
    [{ list: [{ of: new Set() }] }, 'a Set'],
    [{ total: 0, rate: Number.NaN }, 'NaN'],
    [[-Infinity], '-Infinity'],
    [{ at: new Date(Number.NaN) }, 'an invalid Date'],
    [() => 1, 'a function'],
    [Symbol('x'), 'a symbol'],
  ])('is named: %o', (value, kind) => {
    expect(lossOf(value)).toBe(kind);
  });

  it.each([
    [{}],
    [{ none: null, empty: {}, list: [null] }],
    [{ text: '{}, null and NaN' }],
    [{ left: undefined, at: new Date(0), total: Number.MAX_VALUE }],
    [Buffer.from('bytes')],
    [
      new (class Point {
        x = null;
        length() {}
      })(),
    ],
    [undefined],
    [null],
  ])('is nothing: %o', (value) => {
    expect(lossOf(value)).toBeUndefined();
  });
});
