import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measureAlone } from './alone.mjs';
import { contestantsFor, enter, packagesOf } from './contestants.mjs';
import { openDatabases } from './databases.mjs';
import { readFlags } from './flags.mjs';
import { machineLine, versionsOn } from './machine.mjs';
import { measure } from './measure.mjs';
import { OPERATIONS } from './operations.mjs';
import { markdownOf } from './report.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM'];
const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));

const flags = readFlags(process.argv.slice(2));
// Data in memory: what a disk needs to flush a commit is the same for all and would hide the rest.
process.env.TMPDIR = flags.folder;

for (const engine of flags.engines) {
  const report = await benchmark(engine);
  const markdown = markdownOf(report);
  console.log(`\n${markdown}`);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}${engine}.md`, markdown);
  writeFileSync(`${RESULTS}${engine}.json`, `${JSON.stringify(report, null, 2)}\n`);
}

async function benchmark(engine) {
  const databases = await openDatabases(engine);
  const stopListening = closeOnSignal(databases);
  const contestants = [];
  try {
    progress('app-kernel alone');
    const alone = await measureAlone(databases, flags);
    const missing = await enter(contestantsFor(engine, flags.peers), databases, contestants, progress);
    const results = await measureAll(engine, contestants);
    return {
      engine,
      machine: machineLine(),
      versions: await versionsOn(engine, databases.serverUrl, packagesOf(flags.peers)),
      settings: `${flags.rounds} rounds of ${flags.seconds} s, pool of 10, data in ${flags.folder}.`,
      missing,
      results,
      alone,
    };
  } finally {
    stopListening();
    for (const contestant of contestants) await contestant.close();
    await databases.close();
  }
}

/** Who interrupts a run leaves no databases behind; the contestants end with their parent. */
function closeOnSignal(databases) {
  const stop = () => void databases.close().finally(() => process.exit(1));
  for (const signal of SIGNALS) process.once(signal, stop);
  return () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}

async function measureAll(engine, contestants) {
  const [baseline, ...others] = contestants;
  const results = [];
  for (const operation of OPERATIONS.filter(({ name }) => flags.only.some((part) => name.includes(part)))) {
    if (engine === 'sqlite' && operation.distant) continue;
    for (const concurrency of operation.concurrency.filter((callers) => engine !== 'sqlite' || callers === 1)) {
      progress(`${operation.name}, ${concurrency} callers`);
      const { rounds, seconds } = flags;
      results.push(await measure(operation, { contestants: others, baseline, concurrency, rounds, seconds }));
    }
  }
  return results;
}

function progress(line) {
  process.stderr.write(`• ${line}\n`);
}
