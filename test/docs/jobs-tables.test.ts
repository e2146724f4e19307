import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { interfaceMembers } from '../service/setup/declared-names.js';
import { ROOT } from './page-program.js';

const PAGE = readFileSync(join(ROOT, 'docs/jobs.md'), 'utf8');
/** Every name in the first cell of a row; a cell may hold several. */
const named = [...PAGE.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', '));

it('docs/jobs.md names every option of enqueue, of a task and of a worker', () => {
  const given = ['queue', 'registry', 'withDb', 'services', 'logger', 'metrics'];
  const options = [
    ...interfaceMembers('src/jobs/queue/enqueue/enqueue-options.ts', 'EnqueueOptions'),
    ...interfaceMembers('src/jobs/job-registry.ts', 'TaskOptions'),
    ...interfaceMembers('src/jobs/worker/worker-options.ts', 'WorkerTimings'),
    ...interfaceMembers('src/jobs/worker/worker-options.ts', 'JobWorkerOptions'),
  ].filter((option) => !given.includes(option));
  expect(options.length).toBeGreaterThan(20);
  expect(named).toEqual(expect.arrayContaining(options));
});

it('docs/jobs.md names every error code of the queue', () => {
  const sources = readdirSync(join(ROOT, 'src/jobs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'src/jobs', file), 'utf8'));
  const codes = new Set([...sources.join('\n').matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code));
  expect(named).toEqual(expect.arrayContaining([...codes]));
});
