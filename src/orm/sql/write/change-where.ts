import type { Portable } from '../../entity/codec.js';
import { AT, HISTORY_COLUMNS } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import type { Fragment } from '../read/fragment.js';
import { type BoundStatement, Parameters } from './bound-statement.js';

/** Stands for the time of the change, which is not the same for every row: versions never go back in time. */
export const TIME_OF_CHANGE = Symbol('time of change');

export interface SetTo {
  readonly column: PlannedColumn;
  readonly value: Portable | typeof TIME_OF_CHANGE;
}

/** When rows are changed, by whom and why. */
export interface ChangeNote {
  /** ISO text, UTC. */
  readonly now: string;
  readonly actorId: string | null;
  readonly comment: string | null;
}

/** What is written to which rows. */
export interface WhereChange {
  readonly sets: readonly SetTo[];
  readonly condition: Fragment;
  readonly made: ChangeNote;
}

/**
 * What a statement on many rows tells of them: their number alone; id and version of each; or every column, where a
 * change tells those before it and then those after it if a statement can.
 */
export type Answer = 'count' | 'keys' | 'rows';

/** No table or column has these names, for no identifier has a $. */
const LOCKED = 'locked$';
const BEFORE = 'before$';
const WRITTEN = 'written$';

/**
 * Changes every row that meets a condition and is not so already, raises its version and, where a statement can, records
 * it. Where two such statements could each hold what the other one waits for, rows are locked in the order of their ids.
 */
export function changeWhere(plan: EntityPlan, change: WhereChange, answer: Answer): BoundStatement {
  const params = new Parameters(plan.dialect);
  return { sql: changeSql(plan, change, answer, params), params: params.values };
}

/** The rows that `changeWhere` would change, as they are, locked. */
export function rowsToChange(plan: EntityPlan, change: WhereChange): BoundStatement {
  const params = new Parameters(plan.dialect);
  return { sql: `${lockingSql(plan, plan.columnList, change, params)}`, params: params.values };
}

/** The columns that an answer is made of, of one state of the row. */
export function answeredColumns(plan: EntityPlan, answer: Answer): string {
  return answer === 'rows' ? plan.columnList : keyColumns(plan).join(', ');
}

function changeSql(plan: EntityPlan, change: WhereChange, answer: Answer, params: Parameters): string {
  const { capabilities, changeManyReturning } = plan.dialect;
  if (capabilities.writableCtes) return recordedChangeSql(plan, change, answer, params);
  const which = (): string => whichSql(plan, change, params);
  if (answer === 'count') return `UPDATE ${plan.table} SET ${assignments(plan, change, '', params)} WHERE ${which()}`;
  const sql = changeManyReturning?.({
    table: plan.table,
    id: keyColumns(plan)[0],
    columns: plan.columnList,
    answer: answeredColumns(plan, answer),
    assignments: (row) => assignments(plan, change, row, params),
    condition: which,
  });
  return sql ?? '';
}

function recordedChangeSql(plan: EntityPlan, change: WhereChange, answer: Answer, params: Parameters): string {
  const [id, version] = keyColumns(plan);
  const locked = plan.dialect.quote(LOCKED);
  const before = answer === 'rows' ? `${BEFORE} AS (${lockingSql(plan, plan.columnList, change, params)}), ` : '';
  const sets = assignments(plan, change, '', params);
  const source = before
    ? `SELECT ${id} AS ${locked} FROM ${BEFORE}`
    : lockingSql(plan, `${id} AS ${locked}`, change, params);
  const update = `UPDATE ${plan.table} SET ${sets} FROM (${source}) ${LOCKED} WHERE ${id} = ${locked}`;
  const { history } = plan.meta;
  if (answer === 'count' && !history) return update;
  if (answer === 'keys' && !history) return `${update} RETURNING ${id}, ${version}`;
  const written = `WITH ${before}${WRITTEN} AS (${update} RETURNING ${plan.columnList})`;
  const record = (): string => recordSql(plan, change.made, params);
  if (answer === 'count') return `${written} ${record()}`;
  const recorded = history ? `, recorded$ AS (${record()})` : '';
  if (answer === 'keys') return `${written}${recorded} SELECT ${id}, ${version} FROM ${WRITTEN}`;
  const of = (state: string): string => plan.columns.map(({ quoted }) => `${state}.${quoted}`).join(', ');
  return (
    `${written}${recorded} SELECT ${of(BEFORE)}, ${of(WRITTEN)} ` +
    `FROM ${WRITTEN} JOIN ${BEFORE} ON ${BEFORE}.${id} = ${WRITTEN}.${id} ORDER BY ${WRITTEN}.${id}`
  );
}

function recordSql(plan: EntityPlan, { actorId, comment }: ChangeNote, { bind }: Parameters): string {
  const extra = HISTORY_COLUMNS.map(plan.dialect.quote).join(', ');
  const [version, updatedAt] = [AT.version, AT.updatedAt].map((at) => plan.columns[at]?.quoted);
  return (
    `INSERT INTO ${plan.historyTable} (${plan.columnList}, ${extra}) ` +
    `SELECT ${plan.columnList}, ${version}, ${updatedAt}, ${bind(actorId)}, ${bind(comment)} FROM ${WRITTEN}`
  );
}

function lockingSql(plan: EntityPlan, list: string, change: WhereChange, params: Parameters): string {
  const where = whichSql(plan, change, params);
  return `SELECT ${list} FROM ${plan.table} WHERE ${where} ORDER BY ${keyColumns(plan)[0]}${plan.dialect.rowLock}`;
}

/** @param row what stands before a column of the row as it is. */
function assignments(plan: EntityPlan, { sets, made }: WhereChange, row: string, { bind }: Parameters): string {
  const [updatedAt, updatedBy, version] = [AT.updatedAt, AT.updatedBy, AT.version].map(
    (at) => plan.columns[at]?.quoted,
  );
  const later = (): string => `${plan.dialect.greatest}(${row}${updatedAt}, ${bind(plan.rawTime(made.now))})`;
  return [
    ...sets.map(
      ({ column, value }) => `${column.quoted} = ${value === TIME_OF_CHANGE ? later() : bind(column.toRaw(value))}`,
    ),
    `${updatedAt} = ${later()}`,
    `${updatedBy} = ${bind(made.actorId)}`,
    `${version} = ${row}${version} + 1`,
  ].join(', ');
}

/** Fields that the ORM keeps itself are set where the condition says that they differ. */
function whichSql({ dialect }: EntityPlan, { sets, condition }: WhereChange, params: Parameters): string {
  const meets = params.write(condition);
  const same = sets.flatMap(({ column, value }) =>
    value === TIME_OF_CHANGE || column.field.system
      ? []
      : [`${column.quoted} ${dialect.nullSafeEquals} ${params.bind(column.toRaw(value))}`],
  );
  return same.length === 0 ? meets : `${meets} AND NOT (${same.join(' AND ')})`;
}

function keyColumns(plan: EntityPlan): [id: string, version: string] {
  return [plan.columns[AT.id]?.quoted ?? '', plan.columns[AT.version]?.quoted ?? ''];
}
