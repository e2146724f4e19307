import { KernelError, ValidationError } from '../../../base/errors.js';
import { decimalOf } from '../../entity/decimal.js';
import type { Direction } from '../../entity/typed-arguments.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan, PlannedColumn } from '../../sql/entity-plan.js';
import { NOTHING, placeholders } from '../../sql/read/fragment.js';
import { orderable } from '../../sql/read/order-by.js';
import type { LooseFindOptions } from '../options.js';
import { readCondition } from './read-condition.js';
import { readRows } from './read-rows.js';

/** How many rows have a value, and what the values add up to: a number, or exactly, counted in its last digit. */
interface Total {
  readonly column: PlannedColumn;
  readonly count: number;
  readonly sum: number | bigint;
}

/** The sum of a field in its own type; of nothing it is zero. */
export async function sumField(
  session: Session,
  plan: EntityPlan,
  name: string,
  options: LooseFindOptions,
): Promise<number | bigint | string> {
  const { column, sum } = await readTotal(session, plan, name, options);
  if (typeof sum === 'number' || column.field.type === 'bigint') return sum;
  if (column.field.type === 'decimal') return decimalOf(sum, column.field.scale);
  if (sum === BigInt(Number(sum)) && Number.isSafeInteger(Number(sum))) return Number(sum);
  throw new KernelError(
    'E_OUT_OF_RANGE',
    `The sum of ${plan.meta.name}.${column.property} is ${sum}, which no number holds exactly; make it a bigint field`,
  );
}

/** Digits that an average has more than its field. */
const MORE_DIGITS = 4;

/** The average of a field: a number, or decimal text where the field is a bigint or a decimal; `null` of nothing. */
export async function averageField(
  session: Session,
  plan: EntityPlan,
  name: string,
  options: LooseFindOptions,
): Promise<number | string | null> {
  const { column, count, sum } = await readTotal(session, plan, name, options);
  if (count === 0) return null;
  if (typeof sum === 'number') return sum / count;
  const { type, scale } = column.field;
  const rows = BigInt(count);
  if (type === 'integer') return Number(sum / rows) + Number(sum % rows) / count;
  return decimalOf(quotient(sum * 10n ** BigInt(MORE_DIGITS), rows), (type === 'bigint' ? 0 : scale) + MORE_DIGITS);
}

/** Rounded half away from zero. */
function quotient(dividend: bigint, divisor: bigint): bigint {
  const half = dividend < 0n ? -divisor : divisor;
  return (2n * dividend + half) / (2n * divisor);
}

/** The smallest value of a field, or the largest, in the order that `orderBy` has; `null` of nothing. */
export async function extremeOf(
  session: Session,
  plan: EntityPlan,
  name: string,
  direction: Direction,
  options: LooseFindOptions,
): Promise<unknown> {
  const column = orderable(plan, name);
  const filled = { shape: `${column.index}some;`, values: [], write: () => `${column.quoted} IS NOT NULL` };
  const selection = plan.selection([column]);
  const [row] = await readRows(session, plan, {
    selection,
    condition: readCondition(plan, options, filled),
    order: [{ column, direction }],
    limit: ' LIMIT 1',
    past: NOTHING,
  });
  return row ? (selection.hydrate(row) as Record<string, unknown>)[column.property] : null;
}

async function readTotal(session: Session, plan: EntityPlan, name: string, options: LooseFindOptions): Promise<Total> {
  const column = summable(plan, name);
  const addition = plan.dialect.column(column.field).addition;
  const condition = readCondition(plan, options);
  const sql = plan.text(`total ${column.index} ${condition.shape}`, () => {
    const sums = addition?.expressions(column.quoted) ?? [`SUM(${column.quoted})`];
    const where = condition.write(placeholders(plan.dialect));
    return `SELECT COUNT(${column.quoted}), ${sums.join(', ')} FROM ${plan.table}${where}`;
  });
  const [row = []] = await session.all(sql, condition.values, addition !== undefined);
  const [rows, ...sums] = row;
  const count = Number(rows);
  if (column.field.type === 'number') return { column, count, sum: finite(plan, column, Number(sums[0] ?? 0)) };
  if (addition)
    return { column, count, sum: addition.total(sums.map((sum) => (sum === null ? 0n : BigInt(sum as bigint)))) };
  return { column, count, sum: lastDigits(String(sums[0] ?? 0), column) };
}

function summable(plan: EntityPlan, name: string): PlannedColumn {
  const column = plan.column(name);
  const { type } = column.field;
  if (['integer', 'bigint', 'number', 'decimal'].includes(type)) return column;
  throw new ValidationError(
    [{ loc: [name], msg: 'is no number', type: 'invalid_value' }],
    `${plan.meta.name}.${column.property} is ${type}; sums and averages are of integer, bigint, number and decimal`,
  );
}

function finite(plan: EntityPlan, column: PlannedColumn, sum: number): number {
  if (Number.isFinite(sum)) return sum;
  throw new KernelError('E_OUT_OF_RANGE', `The sum of ${plan.meta.name}.${column.property} is too large for a number`);
}

/** The exact text of a sum, as a server sends it, counted in the last digit of the field. */
function lastDigits(text: string, { field }: PlannedColumn): bigint {
  const scale = field.type === 'decimal' ? field.scale : 0;
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(scale, '0'));
}
