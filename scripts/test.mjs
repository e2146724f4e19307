import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './steps/command.mjs';
import { ensureExamples, ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runScript, say } from './steps/project.mjs';
import { keepTally, readVitestReport, tallyLine } from './steps/tally.mjs';
import { EMBEDDED_ONLY, provideServers } from './steps/test-servers.mjs';

const STALL_REPORTER = './scripts/steps/stall-reporter.mjs';

/** Far more than the suites take, also on a slow machine; a test that blocks its process would hold up the run for ever. */
const LIMIT_MS = 50 * 60_000;
const CHAOS_LIMIT_MS = 60 * 60_000;

/** npm test [-- [--embedded] [--chaos] [arguments of vitest]] */
await runScript(async () => {
  const args = process.argv.slice(2);
  const isEmbedded = args.includes('--embedded');
  const isChaos = args.includes('--chaos');
  const rest = args.filter((arg) => arg !== '--embedded' && arg !== '--chaos');

  await ensureInstalled();
  await ensureLibrary();
  await ensureExamples();
  const servers = isEmbedded ? embeddedOnly() : await provideServers({ required: process.env.CI === 'true' });
  try {
    const env = { ...servers.env, ...(isChaos ? chaosSeed() : {}) };
    return await runVitest(
      [...(isChaos ? ['--config', 'vitest.chaos.config.ts'] : []), ...rest],
      env,
      servers.untested,
      isChaos ? CHAOS_LIMIT_MS : LIMIT_MS,
    );
  } finally {
    await servers.close();
  }
});

function embeddedOnly() {
  say('Embedded backends only: SQLite and the in-memory Redis.');
  return { env: EMBEDDED_ONLY, untested: [], close: async () => {} };
}

/** The same seed gives the same kills at the same moments, as far as one machine repeats itself. */
function chaosSeed() {
  const seed = process.env.CHAOS_SEED || String(randomInt(2 ** 31));
  say(`Seed ${seed}; to repeat this run: CHAOS_SEED=${seed} npm run test:chaos`);
  return { CHAOS_SEED: seed };
}

async function runVitest(args, env, untested, limitMs) {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-report-'));
  const report = join(folder, 'report.json');
  const reporters = ['default', STALL_REPORTER, 'json'].map((name) => `--reporter=${name}`);
  const all = ['run', ...reporters, `--outputFile.json=${report}`, ...args];
  const code = await runTool('vitest/vitest.mjs', all, { env, limitMs });
  const tally = readVitestReport(report, code);
  rmSync(folder, { recursive: true, force: true });
  keepTally(tally);

  for (const line of untested) say(`NOT tested: ${line}`);
  if (env.CHAOS_SEED) say(`Seed ${env.CHAOS_SEED}`);
  console.log(`\n${tallyLine(tally)}`);
  return tally.failed > 0 ? 1 : code;
}
