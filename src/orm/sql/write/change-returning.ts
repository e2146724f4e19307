import { AT } from '../../entity/system-fields.js';
import type { EntityPlan, PlannedColumn } from '../entity-plan.js';
import type { ChangeStatement, Slot } from './change-parameters.js';
import { type ChangeShape, kindOf } from './change-shape.js';

/**
 * Changes a row if it is what the shape wants and if something really differs, raises its version, and answers what it
 * has become; no row says that one of these did not hold. For engines whose triggers record the version.
 */
export function changeReturning(plan: EntityPlan, shape: ChangeShape): ChangeStatement {
  return plan.changes.get(shape.indexes, kindOf(shape), () => build(plan, shape));
}

type Bind = (slot: Slot) => string;

function build(plan: EntityPlan, shape: ChangeShape): ChangeStatement {
  const slots: Slot[] = [];
  const bind: Bind = (slot) => plan.dialect.placeholder(slots.push(slot));
  const sql = plan.dialect.changeReturning?.({
    table: plan.table,
    columns: plan.columnList,
    assignments: (row) => assignments(plan, shape, row, bind).join(', '),
    condition: (row) => conditions(plan, shape, row, bind).join(' AND '),
  });
  return { sql: sql ?? '', slots };
}

/** @param row what stands before a column of the row as it is. */
function assignments(plan: EntityPlan, { indexes, deletion }: ChangeShape, row: string, bind: Bind): string[] {
  const [, updatedAt, updatedBy, deletedAt, version] = systemColumns(plan);
  // Versions of a row never go back in time, even when the clock does: `asOf` relies on it.
  const now = (): string => `${plan.dialect.greatest}(${row}${updatedAt}, ${bind('now')})`;
  return [
    ...indexes.map((index, position) => `${plan.columns[index]?.quoted} = ${bind(position)}`),
    ...(deletion ? [`${deletedAt} = ${deletion === 'hide' ? now() : 'NULL'}`] : []),
    `${updatedAt} = ${now()}`,
    `${updatedBy} = ${bind('actor')}`,
    `${version} = ${row}${version} + 1`,
  ];
}

/** Each part is made where it stands, for parameters are bound in the order of the text. */
function conditions(plan: EntityPlan, shape: ChangeShape, row: string, bind: Bind): string[] {
  const { indexes, deletion, tenant, expects } = shape;
  const [id, , , deletedAt, version] = systemColumns(plan);
  const same = (index: number, position: number): string => {
    const { quoted, holds } = plan.columns[index] as PlannedColumn;
    const next = (): string => bind(position);
    return holds ? holds(`${row}${quoted}`, next) : `${row}${quoted} ${plan.dialect.nullSafeEquals} ${next()}`;
  };
  return [
    `${row}${id} = ${bind('id')}`,
    `${row}${deletedAt} IS ${deletion === 'show' ? 'NOT NULL' : 'NULL'}`,
    ...(tenant ? [`${row}${tenant.quoted} = ${bind('tenant')}`] : []),
    ...(expects ? [`${row}${version} = ${bind('expected')}`] : []),
    ...(deletion ? [] : [`NOT (${indexes.map(same).join(' AND ')})`]),
  ];
}

function systemColumns(plan: EntityPlan): string[] {
  return [AT.id, AT.updatedAt, AT.updatedBy, AT.deletedAt, AT.version].map((at) => plan.columns[at]?.quoted ?? '');
}
