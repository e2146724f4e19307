import { describe, expect, it } from 'vitest';
import { BACKENDS } from '../../orm/backends.js';
import { playFilters, playSequences } from './shadow-model.js';

for (const backend of BACKENDS) {
  describe(`${backend.name} beside the model`, { timeout: 120_000 }, () => {
    it('has the same rows, versions, past and counts after random operations', async () => {
      const { operations, rows, versions, moments } = await playSequences(backend, { numRuns: 25 });
      for (const compared of [operations, rows, versions, moments]) expect(compared).toBeGreaterThan(25);
    });

    it('finds the same rows by random filters', async () => {
      expect(await playFilters(backend, { numRuns: 300 })).toBeGreaterThan(300);
    });
  });
}
