import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './steps/command.mjs';
import { reportFileLengths } from './steps/file-lengths.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { ROOT, runScript, say } from './steps/project.mjs';

const CODE_FOLDERS = ['src', 'test', 'examples', 'scripts', 'benchmarks'].filter((name) =>
  existsSync(join(ROOT, name)),
);

/** Every check runs, also after one has failed, so that all faults are seen at once. */
await runScript(async () => {
  await ensureInstalled();
  const failed = [];
  const check = async (name, command) => {
    say(name);
    if ((await command()) !== 0) failed.push(name);
  };
  await check('Format and lint (biome)', () =>
    runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=100', '.']),
  );
  await check('Floor plan (dependency-cruiser)', () =>
    runTool('dependency-cruiser/bin/dependency-cruise.mjs', ['--output-type', 'err-long', ...CODE_FOLDERS]),
  );
  await check('Dead code (knip)', () => runTool('knip/bin/knip.js', []));
  await check('File lengths', async () => {
    const { lines, passes } = reportFileLengths(ROOT, CODE_FOLDERS);
    for (const line of lines) console.log(`  ${line}`);
    return passes ? 0 : 1;
  });
  if (failed.length > 0) console.error(`\n✗ ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
});
