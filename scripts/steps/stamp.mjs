import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Every file below `folder`, sorted, without hidden ones, node_modules and dist. */
export function filesBelow(folder) {
  const found = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesBelow(path));
    else found.push(path);
  }
  return found.sort();
}

/** What a compiler writes; a running program may keep files of its own beside it, which are nobody else's concern. */
export const COMPILED = /\.(js|js\.map|d\.ts)$/;

/** One hash over the names and contents of `paths`; a folder stands for all files below it, a missing path for nothing. */
function hashOf(root, paths, pattern = /./) {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of expand(join(root, path)).filter((found) => pattern.test(found))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function expand(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  return stats.isDirectory() ? filesBelow(path) : [path];
}

/**
 * Compares what was made with what it was made from, both by content: a folder `out` that anyone else wrote to (a compiler
 * in watch mode, a hand) is no more fresh than one whose `inputs` have changed.
 */
export function readStamp(root, { inputs, out }) {
  const [madeFrom, made] = stampText(join(root, out, '.stamp')).split('\n');
  return { inputsMatch: madeFrom === hashOf(root, inputs), outputMatches: made === hashOf(root, [out], COMPILED) };
}

function stampText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Notes that `out` was made from the present `inputs`. */
export function writeStamp(root, { inputs, out }) {
  const file = join(root, out, '.stamp');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${hashOf(root, inputs)}\n${hashOf(root, [out], COMPILED)}\n`);
}
