import { beforeEach, expect, it } from 'vitest';
import { Pace } from '../../../src/orm/pool/pace.js';

const TRIP_MS = 20;
let pace: Pace;
beforeEach(() => {
  pace = new Pace();
  pace.note('SELECT 1', TRIP_MS, true);
});

it('knows a statement as short that takes little more than the trip to the server', () => {
  expect(pace.isShort('SELECT 2')).toBe(false);
  pace.note('SELECT 2', TRIP_MS + 0.4, true);
  expect(pace.isShort('SELECT 2')).toBe(true);
  pace.note('COMMIT', TRIP_MS + 1, true);
  expect(pace.isShort('COMMIT')).toBe(false);
});

it('forgives a few slow runs of a busy machine, not many', () => {
  pace.note('SELECT 2', 1, false);
  for (let run = 0; run < 8; run++) pace.note('SELECT 2', TRIP_MS + 4, true);
  expect(pace.isShort('SELECT 2')).toBe(true);
  for (let run = 0; run < 40; run++) pace.note('SELECT 2', TRIP_MS + 4, true);
  expect(pace.isShort('SELECT 2')).toBe(false);
  pace.note('SELECT 2', TRIP_MS, true);
  expect(pace.isShort('SELECT 2')).toBe(true);
});

it('takes one long run seriously', () => {
  pace.note('SELECT 2', 1, false);
  pace.note('SELECT 2', TRIP_MS + 6, true);
  expect(pace.isShort('SELECT 2')).toBe(false);
});

it('does not take an answer that came with the one before it for a trip', () => {
  pace.note('SELECT 2', 0, false);
  expect(pace.patienceMs).toBeGreaterThan(TRIP_MS);
  pace.note('SELECT 3', TRIP_MS - 10, true);
  expect(pace.patienceMs).toBeLessThan(TRIP_MS);
});
