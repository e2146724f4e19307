import { setTimeout } from 'node:timers/promises';
import { SchemaError } from '../../../base/errors.js';
import type { TableShape } from '../../dialect/shape.js';
import type { TableRename, TableSwap } from '../../dialect/table-swap.js';
import { internalField } from '../../entity/metadata.js';
import { columnOf } from '../../schema/desired.js';
import { recordingTriggerName } from '../../schema/history-triggers.js';
import { runInScope } from '../../session/ambient.js';
import type { DatabaseCore } from '../../session/database-core.js';
import type { Scope } from '../../session/scope.js';
import type { Shelf } from '../files/shelf.js';
import { readManifest } from '../manifest/read-manifest.js';
import { type Backup, writeBackupAgain } from '../write-backup.js';
import { type RestoreSource, runSteps } from './replace-tables.js';
import { isRestoreTable, restoreTableName } from './staged-names.js';
import { StagedTables } from './staged-tables.js';

/** There while tables are filled that nobody knows yet: a restart throws them away. */
const FILLING = restoreTableName('filling');
/** There once the restored tables are in place: a restart tidies up what is left of the old ones. */
const SWAPPED = restoreTableName('swapped');

const WAIT_MS = 20;

/**
 * Replaces every table where changes of tables cannot be rolled back. The tables of the backup are filled beside those in
 * use, and one statement of the server, which it does whole or not at all, exchanges them; the same statement turns the
 * mark that says what a restart has to do.
 */
export async function swapTables(
  core: DatabaseCore,
  source: RestoreSource,
  backUp: () => Promise<Backup>,
): Promise<Backup> {
  const { dialect } = core;
  return core.unit(
    async (scope) => {
      await dialect.lockMigrations(scope, true);
      await tidyUp(scope);
      const tables = await dialect.introspect(scope);
      const inUse = tables.map(({ name }) => name);
      return holding(core, inUse, async (release) => {
        const before = await runInScope(scope, backUp);
        const contents = await contentsOf(scope, tables);
        await runSteps(scope, dialect.createTable(markOf(scope)));
        const staged = new StagedTables(scope, source);
        await staged.fill();
        const renames = staged.renames(inUse);
        const renamed = runSteps(scope, [swapOf(core).rename([...renames, { from: FILLING, to: SWAPPED }])]);
        await Promise.all([renamed, release(renamed)]);
        const safety = await withLateWrites(scope, source.shelf, { before, contents, old: tables, renames });
        await tidyUp(scope, () => runSteps(scope, staged.rulesToAdd()));
        return safety;
      });
    },
    { schemaChange: true, autocommit: true },
  );
}

interface ReplacedTables {
  /** Of the moment from which on writers had to wait. */
  readonly before: Backup;
  /** What the tables held at that moment. */
  readonly contents: readonly string[];
  readonly old: readonly TableShape[];
  readonly renames: readonly TableRename[];
}

/**
 * A write that waited for a table may be done in the moment in which the tables are renamed, one after the other, and be
 * acknowledged. Where there was one, the safety backup is made once more, of the tables that now have names which nobody
 * knows, so that nobody writes to them any more.
 */
async function withLateWrites(
  scope: Scope,
  shelf: Shelf,
  { before, contents, old, renames }: ReplacedTables,
): Promise<Backup> {
  const names = new Map(renames.map(({ from, to }) => [from, to]));
  const now = await contentsOf(
    scope,
    old.map((table) => ({ ...table, name: names.get(table.name) ?? table.name })),
  );
  if (now.every((content, at) => content === contents[at])) return before;
  const safety = await writeBackupAgain(scope, shelf, await readManifest(shelf, before.name), names);
  scope.core.logger.warn(
    { before: before.name, safety: safety.name },
    'Writes that came late are in the second backup',
  );
  return safety;
}

async function contentsOf(scope: Scope, tables: readonly TableShape[]): Promise<string[]> {
  const contents: string[] = [];
  for (const table of tables) {
    const [row = []] = await scope.all(swapOf(scope.core).content(table), []);
    contents.push(row.join());
  }
  return contents;
}

/**
 * Finishes or undoes a restore whose process has died. One short statement where there was none.
 * @returns whether the database was replaced, so that it has to be compared with the entities again.
 */
export async function recoverRestore(core: DatabaseCore): Promise<boolean> {
  if (!core.dialect.swap || !(await wasCutOff(core))) return false;
  return core.unit(
    async (scope) => {
      await core.dialect.lockMigrations(scope, true);
      const swapped = await tidyUp(scope);
      core.logger.warn({ swapped }, `A restore that was cut off was ${swapped ? 'finished' : 'undone'}`);
      return swapped;
    },
    { schemaChange: true, autocommit: true },
  );
}

async function wasCutOff(core: DatabaseCore): Promise<boolean> {
  for (const mark of [SWAPPED, FILLING]) {
    try {
      await core.all(`SELECT 1 FROM ${core.dialect.quote(mark)} LIMIT 1`, []);
      return true;
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
    }
  }
  return false;
}

/** Keeps writers out, on a connection of its own, until `release` is called: at the moment the renaming waits for it. */
function holding<T>(
  core: DatabaseCore,
  tables: readonly string[],
  work: (release: (renamed: Promise<void>) => Promise<void>) => Promise<T>,
): Promise<T> {
  const swap = swapOf(core);
  return core.unit(
    async (holder) => {
      await swap.hold(holder, tables);
      let held = true;
      const release = async (renamed: Promise<void>): Promise<void> => {
        let settled = tables.length === 0; // nothing is held, so nothing is waited for
        const settle = (): void => {
          settled = true;
        };
        renamed.then(settle, settle);
        while (!settled && !(await swap.isAwaited(holder))) await setTimeout(WAIT_MS);
        held = false;
        await swap.release(holder);
      };
      try {
        return await work(release);
      } finally {
        if (held) await swap.release(holder);
      }
    },
    { autocommit: true, patient: true, schemaChange: true },
  );
}

/**
 * Gives triggers their own names, which the old tables had until now, and removes what is left; the mark goes last.
 * @returns whether the restored tables are in place.
 */
async function tidyUp(scope: Scope, finish: () => Promise<void> = async () => {}): Promise<boolean> {
  const { dialect } = scope.core;
  const tables = await dialect.introspect(scope);
  const own = tables.filter(({ name }) => isRestoreTable(name)).map(({ name }) => name);
  const swapped = own.includes(SWAPPED);
  for (const name of own) if (name !== SWAPPED && name !== FILLING) await runSteps(scope, dialect.dropTable(name));
  if (swapped) {
    await finish();
    for (const table of tables) await renameTriggers(scope, table, tables);
  }
  for (const name of [FILLING, SWAPPED]) if (own.includes(name)) await runSteps(scope, dialect.dropTable(name));
  return swapped;
}

async function renameTriggers(
  scope: Scope,
  { name, triggers }: TableShape,
  tables: readonly TableShape[],
): Promise<void> {
  const { dialect } = scope.core;
  const staged = triggers.filter((trigger) => trigger.name.includes(restoreTableName('')));
  if (isRestoreTable(name) || staged.length === 0 || !dialect.triggers) return;
  const named = staged.map(({ name: former, sql }) => {
    const own = recordingTriggerName(name, former.endsWith('_insert') ? 'INSERT' : 'UPDATE');
    return { name: own, sql: sql.replace(dialect.quote(former), dialect.quote(own)) };
  });
  const history = tables.filter((table) => table.name === `${name}_history`).map((table) => table.name);
  await runSteps(scope, swapOf(scope.core).alone([name, ...history], dialect.triggers.change(name, staged, named)));
}

function markOf({ core }: Scope): TableShape {
  const id = columnOf(internalField('id', 'integer', false), core.dialect);
  return { name: FILLING, columns: [id], primaryKey: ['id'], checks: [], foreignKeys: [], indexes: [], triggers: [] };
}

function swapOf({ dialect }: DatabaseCore): TableSwap {
  if (dialect.swap) return dialect.swap;
  throw new SchemaError(`${dialect.name} changes tables in transactions; it swaps none`);
}
