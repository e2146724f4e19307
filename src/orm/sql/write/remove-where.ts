import { AT } from '../../entity/system-fields.js';
import type { EntityPlan } from '../entity-plan.js';
import type { Fragment } from '../read/fragment.js';
import { type BoundStatement, Parameters } from './bound-statement.js';
import { type Answer, answeredColumns, type ChangeNote } from './change-where.js';
import { lastVersionSql } from './remove-many.js';

/** No table or column has these names, for no identifier has a $. */
const LOCKED = 'locked$';
const GONE = 'gone$';

/**
 * Deletes every row that meets a condition, locked in the order of ids, and appends the end of its history: one statement,
 * for engines with writable CTEs. It answers the rows as they were.
 */
export function removeWhere(plan: EntityPlan, condition: Fragment, made: ChangeNote, answer: Answer): BoundStatement {
  const params = new Parameters(plan.dialect);
  const id = plan.columns[AT.id]?.quoted;
  const locked = plan.dialect.quote(LOCKED);
  const doomed = `SELECT ${id} AS ${locked} FROM ${plan.table} WHERE ${params.write(condition)} ORDER BY ${id}${plan.dialect.removalLock}`;
  const gone = `DELETE FROM ${plan.table} USING (${doomed}) ${LOCKED} WHERE ${id} = ${locked}`;
  const answered = answeredColumns(plan, answer);
  if (!plan.meta.history)
    return { sql: answer === 'count' ? gone : `${gone} RETURNING ${answered}`, params: params.values };
  const record = `${lastVersion(plan, made, params)} FROM ${GONE}`;
  const rest = answer === 'count' ? ` ${record}` : `, recorded$ AS (${record}) SELECT ${answered} FROM ${GONE}`;
  return { sql: `WITH ${GONE} AS (${gone} RETURNING ${plan.columnList})${rest}`, params: params.values };
}

/** The first of two statements for other engines: appends the end of history of every row that is about to go, locked. */
export function recordEnds(plan: EntityPlan, condition: Fragment, made: ChangeNote): BoundStatement {
  const params = new Parameters(plan.dialect);
  const record = lastVersion(plan, made, params);
  const sql = `${record} FROM ${plan.table} WHERE ${params.write(condition)} ORDER BY ${plan.columns[AT.id]?.quoted}${plan.dialect.removalLock}`;
  return { sql, params: params.values };
}

/** The second one: deletes the rows that meet the condition, of an entity with history only those whose end is recorded. */
export function removeRecorded(plan: EntityPlan, condition: Fragment, answer: Answer): BoundStatement {
  const params = new Parameters(plan.dialect);
  const returning = answer === 'count' ? '' : ` RETURNING ${answeredColumns(plan, answer)}`;
  const where = `${params.write(condition)}${plan.meta.history ? ` AND ${endIsRecorded(plan)}` : ''}`;
  return { sql: `DELETE FROM ${plan.table} WHERE ${where}${returning}`, params: params.values };
}

function endIsRecorded(plan: EntityPlan): string {
  const { quote } = plan.dialect;
  const [id, version] = [AT.id, AT.version].map((at) => `${plan.table}.${plan.columns[at]?.quoted}`);
  return `EXISTS (SELECT 1 FROM ${plan.historyTable} ended$ WHERE ended$.${quote('id')} = ${id} AND ended$.${quote('version')} = ${version} + 1)`;
}

function lastVersion(plan: EntityPlan, { now, actorId, comment }: ChangeNote, { bind }: Parameters): string {
  const time = plan.rawTime(now);
  const given = [time, time, actorId, comment];
  return lastVersionSql(plan, () => bind(given.shift()));
}
