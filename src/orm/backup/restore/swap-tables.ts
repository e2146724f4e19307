import { setTimeout } from 'node:timers/promises';
import { SchemaError } from '../../../base/errors.js';
import type { TableShape } from '../../dialect/shape.js';
import type { TableSwap } from '../../dialect/table-swap.js';
import { internalField } from '../../entity/metadata.js';
import { columnOf } from '../../schema/desired.js';
import { recordingTriggerName } from '../../schema/history-triggers.js';
import { runInScope } from '../../session/ambient.js';
import type { DatabaseCore } from '../../session/database-core.js';
import type { Scope } from '../../session/scope.js';
import type { Shelf } from '../files/shelf.js';
import { readManifest } from '../manifest/read-manifest.js';
import type { Backup } from '../write-backup.js';
import { backUpLateWrites, contentsOf, type ReplacedTables } from './late-writes.js';
import { type RestoreSource, runSteps } from './replace-tables.js';
import { isRestoreTable, restoreTableName } from './staged-names.js';
import { StagedTables } from './staged-tables.js';

/** There while tables are filled that nobody knows yet: a restart throws them away. */
const FILLING = restoreTableName('filling');
/** There once the restored tables are in place: a restart tidies up what is left of the old ones. */
const SWAPPED = restoreTableName('swapped');

/** The column of the mark that says what is replaced. */
const REPLACED = 'replaced';

const WAIT_MS = 20;

export interface SwapPorts {
  /** Backs up the database as it is. */
  backUp(): Promise<Backup>;
  /** Hears of the second safety backup of an earlier restore that was cut off before it could make it. */
  onRescue(backup: Backup): void;
}

/** What became of a restore that was cut off. */
export interface Recovery {
  /** Whether the database was replaced, so that it has to be compared with the entities again. */
  readonly replaced: boolean;
  /** The second safety backup, where writes had come late. */
  readonly rescued?: Backup;
}

/**
 * Replaces every table where changes of tables cannot be rolled back. The tables of the backup are filled beside those in
 * use, and one statement of the server, which it does whole or not at all, exchanges them; the same statement turns the
 * mark that says what a restart has to do.
 */
export async function swapTables(
  core: DatabaseCore,
  source: RestoreSource,
  { backUp, onRescue }: SwapPorts,
): Promise<Backup> {
  const { dialect } = core;
  return core.unit(
    async (scope) => {
      await dialect.lockMigrations(scope, true);
      const rescued = await rescueLateWrites(scope, source.shelf);
      if (rescued) onRescue(rescued);
      await tidyUp(scope);
      const tables = await dialect.introspect(scope);
      const inUse = tables.map(({ name }) => name);
      return holding(core, inUse, async (release) => {
        const before = await runInScope(scope, backUp);
        const contents = await contentsOf(scope, tables);
        const staged = new StagedTables(scope, source);
        const renames = staged.renames(inUse);
        const replaced = {
          before: await readManifest(source.shelf, before.name),
          tables: inUse.map((name, at) => ({ name, renamed: renames[at]?.to ?? '', content: contents[at] ?? '' })),
        };
        await makeMark(scope, replaced);
        await staged.fill();
        const renamed = runSteps(scope, [swapOf(core).rename([...renames, { from: FILLING, to: SWAPPED }])]);
        await Promise.all([renamed, release(renamed)]);
        const second = await backUpLateWrites(scope, source.shelf, replaced);
        await tidyUp(scope, () => runSteps(scope, staged.rulesToAdd()));
        return second ?? before;
      });
    },
    { schemaChange: true, autocommit: true },
  );
}

/**
 * Finishes or undoes a restore whose process has died. One short query where there was none.
 * @param shelf where writes go that came late to the tables that were replaced.
 */
export async function recoverRestore(core: DatabaseCore, shelf: () => Shelf): Promise<Recovery> {
  const wasCutOff = await core.dialect.swap?.hasAny(core, [SWAPPED, FILLING]);
  if (!wasCutOff) return { replaced: false };
  return core.unit(
    async (scope) => {
      await core.dialect.lockMigrations(scope, true);
      const rescued = await rescueLateWrites(scope, shelf());
      const replaced = await tidyUp(scope);
      core.logger.warn({ swapped: replaced }, `A restore that was cut off was ${replaced ? 'finished' : 'undone'}`);
      return { replaced, ...(rescued && { rescued }) };
    },
    { schemaChange: true, autocommit: true },
  );
}

/** Of a restore that was cut off between the exchange and its second safety backup, before the old tables are removed. */
async function rescueLateWrites(scope: Scope, shelf: Shelf): Promise<Backup | undefined> {
  const { quote } = scope.core.dialect;
  const tables = await scope.core.dialect.introspect(scope);
  const mark = tables.find(({ name }) => name === SWAPPED);
  if (!mark?.columns.some(({ name }) => name === REPLACED)) return undefined;
  const [row] = await scope.all(`SELECT ${quote(REPLACED)} FROM ${quote(SWAPPED)}`, []);
  return row && backUpLateWrites(scope, shelf, JSON.parse(row[0] as string) as ReplacedTables);
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

async function makeMark(scope: Scope, replaced: ReplacedTables): Promise<void> {
  const { dialect } = scope.core;
  const columns = [internalField('id', 'integer', false), internalField(REPLACED, 'text', false)];
  const none = { checks: [], foreignKeys: [], indexes: [], triggers: [] };
  const shape: TableShape = {
    name: FILLING,
    columns: columns.map((field) => columnOf(field, dialect)),
    primaryKey: ['id'],
    ...none,
  };
  await runSteps(scope, dialect.createTable(shape));
  const values = `(1, ${dialect.placeholder(1)})`;
  await scope.run(`INSERT INTO ${dialect.quote(FILLING)} VALUES ${values}`, [JSON.stringify(replaced)]);
}

function swapOf({ dialect }: DatabaseCore): TableSwap {
  if (dialect.swap) return dialect.swap;
  throw new SchemaError(`${dialect.name} changes tables in transactions; it swaps none`);
}
