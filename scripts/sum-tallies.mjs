import { sumTallies, tallyLine } from './steps/tally.mjs';

/** node scripts/sum-tallies.mjs <file>: what failed in several test runs, and their closing line; exits 1 where one did. */
const tally = sumTallies(process.argv[2]);
for (const failure of tally.failures) console.log(`\nFAILED ${failure}`);
console.log(`\n${tallyLine(tally)}`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;
