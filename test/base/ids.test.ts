import { expect, test } from 'vitest';
import { randomToken, uuidv7 } from '../../src/base/ids.js';

test('ids are UUIDs of version 7 that carry the time', () => {
  const id = uuidv7(Date.UTC(2100, 0, 1));
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(Date.UTC(2100, 0, 1));
});

test('ids of a clock that counts parts of milliseconds are UUIDs too', () => {
  expect(uuidv7(Date.UTC(2100, 0, 2) + 0.75)).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test('ids of one process sort by creation, within a millisecond and when the clock steps back', () => {
  const ids: string[] = [];
  const start = Date.UTC(2101, 0, 1);
  for (let i = 0; i < 10_000; i++) ids.push(uuidv7(start - (i % 3)));
  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
});

test('tokens carry the asked number of random bytes', () => {
  expect(Buffer.from(randomToken(), 'base64url')).toHaveLength(32);
  expect(Buffer.from(randomToken(16), 'base64url')).toHaveLength(16);
  expect(randomToken()).not.toBe(randomToken());
});
