import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeLockfile, lockfiles } from './steps/complete-lockfile.mjs';
import { ROOT, runScript, say } from './steps/project.mjs';

/** node scripts/complete-lockfile.mjs: after an `npm install` against a registry that lacks other systems' binaries. */
await runScript(() => {
  for (const name of lockfiles()) {
    const file = join(ROOT, name);
    const lock = JSON.parse(readFileSync(file, 'utf8'));
    const added = completeLockfile(lock);
    if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
    say(added.length > 0 ? `Added to ${name}: ${added.join(', ')}` : `${name} is complete.`);
  }
});
