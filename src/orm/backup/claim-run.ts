import { ConstraintError, SchemaError } from '../../base/errors.js';
import type { TableShape } from '../dialect/shape.js';
import { internalField } from '../entity/metadata.js';
import { columnOf } from '../schema/desired.js';
import { BACKUP_RUNS } from '../schema/ledger.js';
import type { DatabaseCore } from '../session/database-core.js';

const KEPT_MS = 90 * 86_400_000;
const TICK = internalField('tick', 'string', false);

/**
 * Takes a scheduled backup for this instance: of all that share the database, one gets it.
 * @param tick the moment that the schedule names.
 */
export async function claimRun(core: DatabaseCore, tick: Date): Promise<boolean> {
  const { quote, placeholder } = core.dialect;
  const insert = `INSERT INTO ${quote(BACKUP_RUNS)} (${quote('tick')}) VALUES (${placeholder(1)})`;
  try {
    await withTable(core, () => core.run(insert, [tick.toISOString()]));
  } catch (error) {
    if (error instanceof ConstraintError && error.kind === 'unique') return false;
    throw error;
  }
  const old = new Date(tick.getTime() - KEPT_MS).toISOString();
  await core.run(`DELETE FROM ${quote(BACKUP_RUNS)} WHERE ${quote('tick')} < ${placeholder(1)}`, [old]);
  return true;
}

/** The table is made when it is first needed; another instance may be quicker. */
async function withTable(core: DatabaseCore, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const { dialect } = core;
    const columns = [columnOf(TICK, dialect)];
    const none = { checks: [], foreignKeys: [], indexes: [], triggers: [] };
    const shape: TableShape = { name: BACKUP_RUNS, columns, primaryKey: ['tick'], ...none };
    for (const { sql } of dialect.createTable(shape)) await core.run(sql, []).catch(() => {});
    await work();
  }
}
