import { describe, expect, it } from 'vitest';
import { PlantedCopy } from './planted-copy.js';

const IMPORTED = 'export const thing = 1;\n';

/** `[the rule that must speak, the file at fault, what it imports]` */
const FORBIDDEN: ReadonlyArray<readonly [rule: string, from: string, to: string]> = [
  ['base-rooms', 'src/base/clock.ts', 'src/redis/index.ts'],
  ['base-packages', 'src/base/ids.ts', 'zod'],
  ['orm-rooms', 'src/orm/model.ts', 'src/redis/index.ts'],
  ['orm-rooms', 'src/orm/session/pool.ts', 'src/http/index.ts'],
  ['orm-packages', 'src/orm/query.ts', 'ioredis'],
  ['orm-entity-rooms', 'src/orm/entity/codec.ts', 'src/orm/sql/where.ts'],
  ['orm-dialect-rooms', 'src/orm/dialect/dialect.ts', 'src/orm/session/database.ts'],
  ['orm-sql-rooms', 'src/orm/sql/select.ts', 'src/orm/session/database.ts'],
  ['orm-session-rooms', 'src/orm/session/context.ts', 'src/orm/history/recorder.ts'],
  ['orm-verbs-rooms', 'src/orm/verbs/save.ts', 'src/orm/schema/ledger.ts'],
  ['orm-verbs-rooms', 'src/orm/verbs/find.ts', 'src/orm/base-model.ts'],
  ['orm-schema-rooms', 'src/orm/schema/plan.ts', 'src/orm/backup/manifest.ts'],
  ['orm-sqlite-rooms', 'src/orm/sqlite/driver.ts', 'src/orm/session/database.ts'],
  ['orm-postgres-rooms', 'src/orm/postgres/driver.ts', 'src/orm/sqlite/driver-options.ts'],
  ['orm-postgres-packages', 'src/orm/postgres/dialect.ts', 'better-sqlite3'],
  ['orm-loads-engines-on-demand', 'src/orm/session/open.ts', 'src/orm/sqlite/driver-options.ts'],
  ['drivers-in-their-rooms', 'src/orm/backup/csv.ts', 'better-sqlite3'],
  ['redis-rooms', 'src/redis/connect.ts', 'src/jobs/index.ts'],
  ['jobs-rooms', 'src/jobs/worker.ts', 'src/reliability/index.ts'],
  ['jobs-rooms', 'src/jobs/queue.ts', 'src/orm/index.ts'],
  ['jobs-packages', 'src/jobs/registry.ts', 'koa'],
  ['reliability-rooms', 'src/reliability/cache.ts', 'src/telemetry/index.ts'],
  ['telemetry-packages', 'src/telemetry/metrics.ts', 'koa'],
  ['http-rooms', 'src/http/stack.ts', 'src/orm/index.ts'],
  ['http-rooms', 'src/http/guards.ts', 'src/features/auth/index.ts'],
  ['http-packages', 'src/http/router.ts', 'jsonwebtoken'],
  ['features-floors', 'src/features/audit/store.ts', 'src/service/index.ts'],
  ['features-strangers', 'src/features/flags/reader.ts', 'src/features/billing/index.ts'],
  ['features-packages', 'src/features/flags/routes.ts', 'jsonwebtoken'],
  ['features-auth-rooms', 'src/features/auth/routes.ts', 'src/features/billing/index.ts'],
  ['features-email-packages', 'src/features/email/mailer.ts', 'koa'],
  ['examples-use-the-front-door', 'examples/shop/main.ts', 'src/http/index.ts'],
  ['src-stands-alone', 'src/testing/fakes.ts', 'test/setup/fake.ts'],
  ['no-dev-dependency', 'src/testing/random.ts', 'fast-check'],
  ['no-unresolvable', 'src/base/retry.ts', 'src/base/nowhere.ts'],
];

const ALLOWED: ReadonlyArray<readonly [from: string, to: string]> = [
  ['src/orm/model.ts', 'src/orm/history/recorder.ts'],
  ['src/orm/sqlite/driver.ts', 'better-sqlite3'],
  ['src/redis/connect.ts', 'ioredis'],
  ['src/jobs/worker.ts', 'src/redis/index.ts'],
  ['src/http/stack.ts', 'koa'],
  ['src/http/router.ts', '@koa/router'],
  ['src/http/routes.ts', 'src/reliability/index.ts'],
  ['src/features/audit/store.ts', 'src/orm/index.ts'],
  ['src/features/audit/routes.ts', 'src/features/auth/index.ts'],
  ['src/features/audit/schemas.ts', 'zod'],
  ['src/features/auth/passwords.ts', 'bcrypt'],
  ['src/features/auth/verification.ts', 'src/features/email/index.ts'],
  ['src/service/create-service.ts', 'src/features/audit/index.ts'],
  ['examples/shop/main.ts', 'src/orm/index.ts'],
];

describe('the floor plan', () => {
  it('refuses every forbidden import by the rule that names the room', { timeout: 60_000 }, () => {
    const found = cruise(FORBIDDEN.map(([, from, to]) => [from, to] as const));
    const unnoticed = FORBIDDEN.filter(([rule, from]) => !found.includes(`${rule}: ${from} `));
    expect(unnoticed).toEqual([]);
  });

  it('lets every import through that the plan allows', { timeout: 60_000 }, () => {
    expect(cruise(ALLOWED)).toContain('no dependency violations found');
  });

  it('counts imported types as well', { timeout: 60_000 }, () => {
    expect(cruise([['src/orm/model.ts', 'src/http/index.ts']], 'import type')).toContain(
      'orm-rooms: src/orm/model.ts ',
    );
  });
});

/** Plants the imports in a copy of their own and answers what dependency-cruiser says. */
function cruise(imports: ReadonlyArray<readonly [from: string, to: string]>, keyword = 'import'): string {
  const copy = new PlantedCopy();
  try {
    const targets = imports.map(([, to]) => to).filter((to) => to.endsWith('.ts') && !to.includes('nowhere'));
    copy.plant(Object.fromEntries(targets.map((to) => [to, IMPORTED])));
    for (const [from, to] of imports) copy.plant({ [from]: importing(from, to, keyword) });
    const folders = ['src', 'test', 'examples'].filter((name) => imports.flat().some((path) => path.startsWith(name)));
    return copy.runTool('dependency-cruiser/bin/dependency-cruise.mjs', folders).output;
  } finally {
    copy.remove();
  }
}

function importing(from: string, to: string, keyword: string): string {
  const up = '../'.repeat(from.split('/').length - 1);
  const specifier = to.endsWith('.ts') ? `${up}${to.replace(/\.ts$/, '.js')}` : to;
  return `${keyword} { thing } from '${specifier}';\n\nexport type Thing = typeof thing;\nexport const used: unknown = ${keyword === 'import' ? 'thing' : '1'};\n`;
}
