import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, type TypedRouter } from '../../http/index.js';
import type { Database } from '../../orm/index.js';
import { addArchiveRoutes } from './archive-routes.js';
import {
  backupView,
  fullRestoreView,
  importView,
  migrationDetail,
  migrationView,
  orphansView,
  revertView,
} from './views.js';

interface DatabaseRouterOptions {
  readonly database: Database;
  /** Where backups and audit scripts are. */
  readonly dataDir: string;
  /** Default `/admin/db`. */
  readonly prefix?: string;
}

const Name = z.string().min(1).max(100);
const Confirm = z.boolean().default(false);
const FullRestoreRequest = z.strictObject({ backup_name: Name, confirm: Confirm });
const CsvRestoreRequest = z.strictObject({
  backup_name: Name,
  table_names: z.array(Name).min(1).max(10_000).optional(),
  confirm: Confirm,
});
const RevertRequest = z.strictObject({
  table_name: Name,
  target_time: z.iso.datetime({ offset: true }),
  confirm: Confirm,
});

/** Migrations, backups and the ways back, for admins alone. What destroys answers a preview without `confirm: true`. */
export function createDatabaseRouter({ database, dataDir, prefix = '/admin/db' }: DatabaseRouterOptions): TypedRouter {
  const router = createRouter({ prefix, tags: ['admin'] });
  const admin = { auth: 'admin' } as const;

  router.get('/migrations', { ...admin, summary: 'Applied migrations' }, async () => {
    const migrations = (await database.migrations()).map(migrationView);
    return migrations.length > 0 ? { migrations } : { migrations, note: 'No migrations table yet' };
  });

  router.get(
    '/migrations/:hash',
    { ...admin, params: z.object({ hash: z.string() }), summary: 'One migration' },
    async ({ params: { hash } }) => {
      const entry = (await database.migrations()).find(({ schemaHash }) => schemaHash === hash);
      if (!entry) throw new NotFoundError(`Migration ${hash.slice(0, 64)} not found`);
      return migrationDetail(entry, dataDir);
    },
  );

  router.get('/backups', { ...admin, summary: 'Restore points' }, async () => ({
    restore_points: (await database.listBackups()).map(backupView),
  }));

  router.get('/schema/orphans', { ...admin, summary: 'What no entity declares' }, async () =>
    orphansView(await database.orphans()),
  );

  router.post('/backup', { ...admin, summary: 'Back up now' }, async () => {
    const { name, timestamp, native } = await database.backup();
    return { status: 'ok', timestamp, csv_dir: name, native: native !== null };
  });

  router.post('/backfill', { ...admin, summary: 'Copy renamed columns' }, async () => {
    await database.backfill();
    return { status: 'ok', message: 'Backfills completed' };
  });

  router.post(
    '/restore/full',
    { ...admin, body: FullRestoreRequest, summary: 'Replace the database by a backup' },
    async ({ body: { backup_name: name, confirm } }) => fullRestoreView(await database.restoreFull(name, { confirm })),
  );

  router.post(
    '/restore/csv',
    { ...admin, body: CsvRestoreRequest, summary: 'Import tables of a backup' },
    async ({ ctx, body: { backup_name: name, table_names: tables, confirm } }) => {
      const outcome = await database.restoreCsv(name, { confirm, ...(tables && { tables }) });
      if (!outcome.dryRun && !outcome.ok) ctx.status = 422; // nobody must take it for done
      return importView(outcome);
    },
  );

  router.post(
    '/restore/revert',
    { ...admin, body: RevertRequest, summary: 'Revert a table to a moment' },
    async ({ body: { table_name: table, target_time: time, confirm } }) => {
      if (!database.revertableTables.includes(table)) throw new NotFoundError(`No table with a history: ${table}`);
      return revertView(await database.revert(table, new Date(time), { confirm }));
    },
  );
  addArchiveRoutes(router as TypedRouter, database);
  return router as TypedRouter;
}
