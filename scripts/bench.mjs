import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './steps/command.mjs';
import { ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { Refusal, ROOT, runScript, say } from './steps/project.mjs';

const FOLDER = join(ROOT, 'benchmarks');

/** npm run bench [-- name …]: runs benchmarks/<name>/main.mjs against dist/; without a name, all of them. */
await runScript(async () => {
  const available = listBenchmarks();
  if (available.length === 0)
    throw new Refusal('There is no benchmark yet: benchmarks/<name>/main.mjs is what this runs');
  const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : available;
  const unknown = wanted.filter((name) => !available.includes(name));
  if (unknown.length > 0)
    throw new Refusal(`No benchmark "${unknown.join('", "')}"; there are: ${available.join(', ')}`);

  await ensureInstalled();
  await ensureLibrary();
  await installPeers();
  for (const name of wanted) {
    say(`benchmarks/${name}`);
    const code = await run(process.execPath, [join(FOLDER, name, 'main.mjs')]);
    if (code !== 0) throw new Refusal(`benchmarks/${name} ended with exit code ${code}`);
  }
});

function listBenchmarks() {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'main.mjs')));
}

/** What we are compared with is installed here alone, so that no user of the package ever installs it. */
async function installPeers() {
  if (!existsSync(join(FOLDER, 'package-lock.json')) || existsSync(join(FOLDER, 'node_modules'))) return;
  const code = await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER });
  if (code !== 0) throw new Refusal(`npm ci in benchmarks/ failed with exit code ${code}`);
}
