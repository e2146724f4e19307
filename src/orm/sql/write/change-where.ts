import type { Portable } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import type { Fragment, NextPlaceholder } from '../read/fragment.js';
import { recordingSql } from './insert-many.js';

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

/**
 * Changes every row that meets a condition and is not so already, raises its version and, where a statement can, records
 * it. On engines where two such statements could each hold what the other one waits for, rows are locked in the order of
 * their ids first.
 */
export function changeWhereSql(plan: EntityPlan, sets: readonly SetTo[], condition: Fragment): string {
  const setShape = sets.map(({ column, value }) => `${column.index}${value === TIME_OF_CHANGE ? 't' : ''}`).join();
  return plan.text(`change where ${setShape} ${condition.shape}`, () => {
    const { placeholder, capabilities } = plan.dialect;
    let position = 0;
    const next: NextPlaceholder = () => placeholder(++position);
    const update = `UPDATE ${plan.table} SET ${setSql(plan, sets, next)} ${whichSql(plan, sets, condition, next)}`;
    return plan.meta.history && capabilities.writableCtes ? recordingSql(plan, update, position + 1) : update;
  });
}

/** What `changeWhereSql` binds. */
export function changeWhereParameters(
  plan: EntityPlan,
  sets: readonly SetTo[],
  condition: Fragment,
  { now, actorId, comment }: ChangeNote,
): unknown[] {
  const raw = ({ column, value }: SetTo): unknown =>
    value === TIME_OF_CHANGE ? plan.rawTime(now) : column.toRaw(value);
  return [
    ...sets.map(raw),
    plan.rawTime(now),
    actorId,
    ...condition.values,
    ...comparable(sets).map(raw),
    ...(plan.meta.history && plan.dialect.capabilities.writableCtes ? [actorId, comment] : []),
  ];
}

function setSql(plan: EntityPlan, sets: readonly SetTo[], next: NextPlaceholder): string {
  const [updatedAt, updatedBy, version] = [AT.updatedAt, AT.updatedBy, AT.version].map(
    (at) => plan.columns[at]?.quoted,
  );
  const later = (): string => `${plan.dialect.greatest}(${updatedAt}, ${next()})`;
  return [
    ...sets.map(({ column, value }) => `${column.quoted} = ${value === TIME_OF_CHANGE ? later() : next()}`),
    `${updatedAt} = ${later()}`,
    `${updatedBy} = ${next()}`,
    `${version} = ${version} + 1`,
  ].join(', ');
}

/** No table or column has this name, for no identifier has a $. */
const LOCKED = 'locked$';

function whichSql(plan: EntityPlan, sets: readonly SetTo[], condition: Fragment, next: NextPlaceholder): string {
  const { capabilities, rowLock, quote } = plan.dialect;
  const where = [condition.write(next), differsSql(plan, sets, next)].filter(Boolean).join(' AND ');
  if (!capabilities.writableCtes) return `WHERE ${where}`;
  const id = plan.columns[AT.id]?.quoted;
  const locked = quote(LOCKED);
  return `FROM (SELECT ${id} AS ${locked} FROM ${plan.table} WHERE ${where} ORDER BY ${id}${rowLock}) ${LOCKED} WHERE ${id} = ${locked}`;
}

function differsSql({ dialect }: EntityPlan, sets: readonly SetTo[], next: NextPlaceholder): string {
  const same = comparable(sets).map(({ column }) => `${column.quoted} ${dialect.nullSafeEquals} ${next()}`);
  return same.length === 0 ? '' : `NOT (${same.join(' AND ')})`;
}

/** Fields that the ORM keeps itself are set where the condition says that they differ. */
function comparable(sets: readonly SetTo[]): SetTo[] {
  return sets.filter(({ column }) => !column.field.system);
}
