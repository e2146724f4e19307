import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from './stamp.mjs';

const WARN_LINES = 250;
const CAP_LINES = 350;
const MEDIAN_GOAL = 120;
const CODE = /\.(ts|mjs|cjs)$/;

/** Line counts of the code below `folders`: `{ files, median, longest, warned, capped }`, the last two as `{ path, lines }`. */
function measureFileLengths(root, folders) {
  const counted = folders
    .flatMap((folder) => filesBelow(join(root, folder)))
    .filter((file) => CODE.test(file))
    .map((file) => ({ path: relative(root, file), lines: countLines(readFileSync(file, 'utf8')) }))
    .sort((a, b) => b.lines - a.lines);
  return {
    files: counted.length,
    median: counted[Math.floor(counted.length / 2)]?.lines ?? 0,
    longest: counted[0]?.lines ?? 0,
    warned: counted.filter(({ lines }) => lines > WARN_LINES && lines <= CAP_LINES),
    capped: counted.filter(({ lines }) => lines > CAP_LINES),
  };
}

function countLines(text) {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** The report as lines, and whether it passes. */
export function reportFileLengths(root, folders) {
  const { files, median, longest, warned, capped } = measureFileLengths(root, folders);
  const lines = [
    `${files} files in ${folders.join(', ')}: median ${median} lines (goal < ${MEDIAN_GOAL}), longest ${longest}`,
  ];
  for (const file of warned)
    lines.push(`warning: ${file.path} has ${file.lines} lines; split it: the cap is ${CAP_LINES}`);
  for (const file of capped) lines.push(`error: ${file.path} has ${file.lines} lines; the cap is ${CAP_LINES}`);
  return { lines, passes: capped.length === 0 };
}
