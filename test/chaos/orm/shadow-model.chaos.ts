import { it } from 'vitest';
import { BACKENDS } from '../../orm/backends.js';
import { playFilters, playSequences } from '../../property/orm/shadow-model.js';
import { seededRandom } from '../seeded-random.js';

const SEQUENCES = 1_500;
const FILTERS = 20_000;

for (const backend of BACKENDS) {
  it(`${SEQUENCES} random sequences and ${FILTERS} filters on ${backend.name} come out as the model`, async () => {
    const { seed } = seededRandom();
    const { operations, rows, versions, moments } = await playSequences(backend, { numRuns: SEQUENCES, seed });
    console.info(
      `orm on ${backend.name} (seed ${seed}): ${SEQUENCES} sequences, ${operations} operations: ` +
        `${rows} rows, ${versions} versions, asOf at ${moments} moments, counts as the model`,
    );
    const found = await playFilters(backend, { numRuns: FILTERS, seed });
    console.info(`orm on ${backend.name} (seed ${seed}): ${FILTERS} filters: ${found} rows found as the model`);
  });
}
