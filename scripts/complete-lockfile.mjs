import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeLockfile } from './steps/complete-lockfile.mjs';
import { ROOT, runScript, say } from './steps/project.mjs';

/** node scripts/complete-lockfile.mjs: after an `npm install` against a registry that lacks other systems' binaries. */
await runScript(() => {
  const file = join(ROOT, 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const added = completeLockfile(lock);
  if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  say(added.length > 0 ? `Added to package-lock.json: ${added.join(', ')}` : 'package-lock.json is complete.');
});
