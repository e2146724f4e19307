import { expect, it } from 'vitest';
import { fromIsoTime, isoTime } from '../../../src/orm/entity/iso-time.js';

const MOMENTS = [
  '0000-01-01T00:00:00.000Z',
  '0000-02-29T23:59:59.999Z',
  '0099-12-31T12:34:56.789Z',
  '1582-10-15T00:00:00.001Z',
  '1969-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00.000Z',
  '2000-02-29T01:02:03.004Z',
  '2026-11-22T22:23:24.567Z',
  '9999-12-31T23:59:59.999Z',
];

it('reads ISO text as Date does, whatever was read before', () => {
  for (const text of [...MOMENTS, ...MOMENTS.toReversed()]) {
    expect(fromIsoTime(text)).toEqual(new Date(text));
    expect(fromIsoTime(text)).not.toBe(fromIsoTime(text));
  }
});

it('leaves other texts to Date', () => {
  for (const text of [
    '2026-11-22',
    '2026-11-22T22:23:24Z',
    '2026-11-22 22:23:24.5',
    '+012026-11-22T22:23:24.567Z',
    'no',
  ])
    expect(fromIsoTime(text)).toEqual(new Date(text));
});

it('writes ISO text as Date does, whatever was written before', () => {
  for (const text of [...MOMENTS, ...MOMENTS]) expect(isoTime(Date.parse(text))).toBe(text);
});
