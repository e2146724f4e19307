import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchemaStep } from '../dialect/shape.js';
import type { PlanWarning } from './diff.js';

export interface AppliedMigration {
  readonly hash: string;
  /** ISO text. */
  readonly appliedAt: string;
  readonly steps: readonly SchemaStep[];
  readonly warnings: readonly PlanWarning[];
}

/**
 * Leaves `<YYYYMMDD_HHMMSS>_<hash8>.sql` and `.json` for people to read. The ledger in the database is the truth.
 * @returns the path of the SQL file.
 */
export async function writeAuditScript(dataDir: string, migration: AppliedMigration): Promise<string> {
  const directory = join(dataDir, 'migrations_audit');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const moment = migration.appliedAt
    .replace(/\D/g, '')
    .slice(0, 14)
    .replace(/^(.{8})/, '$1_');
  const name = join(directory, `${moment}_${migration.hash.slice(0, 8)}`);
  await writeWhole(`${name}.json`, `${JSON.stringify(describe(migration), null, 2)}\n`);
  await writeWhole(`${name}.sql`, script(migration));
  return `${name}.sql`;
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

function describe({ hash, appliedAt, steps, warnings }: AppliedMigration): object {
  return {
    schema_hash: hash,
    applied_at: appliedAt,
    operations: steps.map(({ sql, params, description }) => ({ sql, params, desc: description })),
    warnings,
  };
}

function script({ hash, appliedAt, steps, warnings }: AppliedMigration): string {
  const head = [
    `-- schema ${hash}`,
    `-- applied ${appliedAt}`,
    ...warnings.map((warning) => `-- warning: ${warning.message}`),
  ];
  const body = steps.map(({ sql, params, description }) => {
    const values = params.length === 0 ? [] : [`-- params: ${JSON.stringify(params)}`];
    return [`-- ${description}`, `${sql};`, ...values].join('\n');
  });
  return `${[head.join('\n'), ...body].join('\n\n')}\n`;
}
