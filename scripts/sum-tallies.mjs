import { sumTallies, tallyLine } from './steps/tally.mjs';

/** node scripts/sum-tallies.mjs <file>: the closing line of several test runs; exits 1 where one of them failed. */
const tally = sumTallies(process.argv[2]);
console.log(`\n${tallyLine(tally)}`);
process.exitCode = tally.failed > 0 || tally.passed === 0 ? 1 : 0;
