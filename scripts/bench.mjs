import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './steps/command.mjs';
import { ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled, installFault } from './steps/install.mjs';
import { Refusal, ROOT, runScript, say } from './steps/project.mjs';

const FOLDER = join(ROOT, 'benchmarks');
/** Benchmarks that compare with the peers of another one. */
const PEERS_OF = { boot: 'http', endurance: 'http' };

/** npm run bench [-- name … --flag …]: runs benchmarks/<name>/run.mjs against dist/; without a name, all of them. Flags are passed on. */
await runScript(async () => {
  const args = process.argv.slice(2);
  const firstFlag = args.findIndex((arg) => arg.startsWith('--'));
  const names = firstFlag === -1 ? args : args.slice(0, firstFlag);
  const flags = args.slice(names.length);
  const available = listBenchmarks();
  const unknown = names.filter((name) => !available.includes(name));
  if (unknown.length > 0)
    throw new Refusal(`No benchmark "${unknown.join('", "')}"; there are: ${available.join(', ')}`);

  await ensureInstalled();
  await ensureLibrary();
  for (const name of names.length > 0 ? names : available) {
    const folder = join(FOLDER, name);
    await ensurePeers(join(FOLDER, PEERS_OF[name] ?? name));
    say(`benchmarks/${name}`);
    const code = await run(process.execPath, [join(folder, 'run.mjs'), ...flags]);
    if (code !== 0) throw new Refusal(`benchmarks/${name} ended with exit code ${code}`);
  }
});

function listBenchmarks() {
  return readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'run.mjs')));
}

/** What we are compared with is installed beside its benchmark alone, so that no user of the package ever installs it. */
async function ensurePeers(folder) {
  if (!existsSync(join(folder, 'package-lock.json')) || !installFault(folder)) return;
  say(`Installing what ${folder} compares with.`);
  const code = await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  if (code !== 0) throw new Refusal(`npm ci in ${folder} failed with exit code ${code}`);
}
