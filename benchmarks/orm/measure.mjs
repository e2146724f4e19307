import { percentile, spread } from './statistics.mjs';

const WARM_UP_SECONDS = 0.2;

/**
 * Measures one operation at one concurrency: in every round each contestant runs one slice, each time in another order,
 * and is compared with the baseline's slice of the same round, so that a slow moment of the machine hits all.
 * Answers `{ operation, concurrency, cells: { [name]: { ratio, perSecond, p99Ms, cpuMicros } }, failures: { [name]: reason } }`.
 */
export async function measure(operation, { contestants, baseline, concurrency, rounds, seconds }) {
  const entrants = [
    { contestant: baseline, operation: operation.baseline ?? operation.name },
    ...contestants
      .filter(({ methods }) => methods.has(operation.needs))
      .map((contestant) => ({ contestant, operation: operation.name })),
  ].map((entrant) => ({ ...entrant, slices: [] }));

  for (const entrant of entrants) await runEntrant(entrant, { concurrency, seconds: WARM_UP_SECONDS });
  for (const entrant of entrants) entrant.slices.length = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const entrant of rotated(entrants, round)) await runEntrant(entrant, { concurrency, seconds });
  }

  const [{ slices: base }] = entrants;
  const cells = entrants
    .filter(({ failure }) => !failure)
    .map(({ contestant, slices }) => [contestant.name, cellOf(slices, base)]);
  const failures = entrants
    .filter(({ failure }) => failure)
    .map(({ contestant, failure }) => [contestant.name, failure]);
  return {
    operation: operation.name,
    concurrency,
    cells: Object.fromEntries(cells),
    failures: Object.fromEntries(failures),
  };
}

/** A peer that fails leaves this row; the baseline and we ourselves must not. */
async function runEntrant(entrant, slice) {
  if (entrant.failure) return;
  try {
    entrant.slices.push(await entrant.contestant.run(entrant.operation, slice));
  } catch (error) {
    if (!entrant.contestant.isPeer) throw error;
    entrant.failure = error.message.split('\n')[0];
  }
}

function rotated(list, by) {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

function cellOf(slices, base) {
  return {
    ratio: spread(slices.map(({ perSecond }, round) => perSecond / base[round].perSecond)),
    perSecond: spread(slices.map(({ perSecond }) => perSecond)),
    p99Ms: percentile(
      slices.flatMap(({ latenciesMs }) => latenciesMs),
      0.99,
    ),
    cpuMicros: spread(slices.map(({ cpuMicros }) => cpuMicros)).median,
  };
}
