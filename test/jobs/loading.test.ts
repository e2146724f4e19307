import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../dist/jobs/index.js', import.meta.url));
const PROBE = `
import { createRequire } from 'node:module';
await import(process.argv[1]);
const loaded = Object.keys(createRequire(import.meta.url).cache);
process.stdout.write(JSON.stringify(loaded));
`;

it('app-kernel/jobs loads neither Koa nor a database driver nor a Redis client by itself', () => {
  const args = ['--input-type=module', '-e', PROBE, ENTRY];
  const loaded = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[];
  expect(loaded.filter((path) => /node_modules\/(koa|@koa|better-sqlite3|pg|mysql2|ioredis)/.test(path))).toEqual([]);
});
