import { ValidationError } from '../../../base/errors.js';
import type { RawRow } from '../../dialect/driver.js';
import { UNSTORABLE_TEXT } from '../../entity/codec.js';
import { AT } from '../../entity/system-fields.js';
import type { DatabaseCore } from '../../session/database-core.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import { listLength } from '../../sql/read/field-condition.js';
import { type Fragment, placeholders } from '../../sql/read/fragment.js';
import { flag } from '../checked-options.js';
import type { LooseFindOptions } from '../options.js';
import { type TenantScope, tenantScope } from '../tenant.js';
import { Gather } from './gather.js';
import { inclusionOf } from './include.js';

/** What a read by id asks for, besides the id. */
interface ReadById {
  readonly session: Session;
  readonly plan: EntityPlan;
  readonly includeDeleted: boolean;
  readonly tenant: TenantScope | undefined;
}

/**
 * One row. In a transaction that may write, it is kept from other writers until the end, so that what is worked out from
 * it is not out of date when it is written. Outside of transactions, callers who ask at the same time share queries.
 */
export async function getRow(
  session: Session,
  plan: EntityPlan,
  id: string,
  includeDeleted: boolean,
): Promise<object | null> {
  assertId(plan, id);
  const read: ReadById = {
    session,
    plan,
    includeDeleted: flag('includeDeleted', includeDeleted),
    tenant: tenantScope(plan),
  };
  const [row] = sharesQueries(read) ? [await gatherOf(read).get(id)] : await rowsById(read, [id]);
  return row ? plan.hydrate(row) : null;
}

/** One row, and the rows that belong to it. */
export async function getWithRelations(
  session: Session,
  plan: EntityPlan,
  id: string,
  { include, includeDeleted = false }: Pick<LooseFindOptions, 'include' | 'includeDeleted'>,
): Promise<object | null> {
  const inclusion = inclusionOf(session, plan, { include });
  const row = await getRow(session, plan, id, includeDeleted);
  if (row) await inclusion?.attach([row]);
  return row;
}

/** An id that is missing must never become a query for any row. */
export function assertId(plan: EntityPlan, id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '' && !UNSTORABLE_TEXT.test(id)) return;
  const fault = 'must be a text that is not empty, without a NUL or half a surrogate pair';
  throw new ValidationError([{ loc: ['id'], msg: fault, type: 'invalid_value' }], `${plan.meta.name}: the id ${fault}`);
}

function sharesQueries({ session, plan }: ReadById): boolean {
  return session === session.core && Number.isFinite(plan.dialect.capabilities.soloReads);
}

/** Of reads by id, made once: to find a text by a name that is put together anew takes 0.2 µs more. */
const KINDS: readonly string[] = Array.from({ length: 8 }, (_, kind) => `get${kind}`);

async function rowsById(
  { session, plan, includeDeleted, tenant }: ReadById,
  ids: readonly string[],
): Promise<RawRow[]> {
  const wanted = oneOf(plan, ids);
  const kind = KINDS[(includeDeleted ? 1 : 0) + (tenant ? 2 : 0) + (session.mayWrite ? 4 : 0)];
  const sql = plan.text(ids.length === 1 ? (kind as string) : `${kind} ${wanted.shape}`, () => {
    const next = placeholders(plan.dialect);
    const condition = `${plan.columns[AT.id]?.quoted} ${wanted.write(next)}`;
    const own = tenant ? ` AND ${tenant.column.quoted} = ${next()}` : '';
    const live = includeDeleted ? '' : ` AND ${plan.columns[AT.deletedAt]?.quoted} IS NULL`;
    return `SELECT ${plan.columnList} FROM ${plan.table} WHERE ${condition}${own}${live}${session.mayWrite ? plan.dialect.rowLock : ''}`;
  });
  const values = tenant ? [...wanted.values, tenant.column.toRaw(tenant.value)] : wanted.values;
  return session.all(sql, values, plan.bigints);
}

/** What follows a column that must have one of the values. */
function oneOf({ dialect }: EntityPlan, texts: readonly string[]): Fragment {
  if (texts.length === 1) return { shape: 'one', values: texts, write: (next) => `= ${next()}` };
  if (dialect.arrays)
    return { shape: 'any', values: [dialect.arrays.encode(texts)], write: (next) => `= ANY(${next()})` };
  const length = listLength(texts.length);
  const values = Array.from({ length }, (_, index) => texts[Math.min(index, texts.length - 1)]);
  return { shape: `in${length}`, values, write: (next) => `IN (${values.map(next).join(', ')})` };
}

/** Reads that are on their way, by what they ask for besides the id. */
const gathers = new WeakMap<DatabaseCore, Map<EntityPlan, Map<string, Gather>>>();

/** Only reads that ask for the same travel together, above all: reads of one tenant. */
function gatherOf(read: ReadById): Gather {
  const { session, plan, includeDeleted, tenant } = read;
  const ofCore = entry(gathers, session.core, () => new Map());
  const ofPlan = entry(ofCore, plan, () => new Map());
  const kind = `${includeDeleted} ${tenant ? `${typeof tenant.value} ${tenant.value}` : ''}`;
  return entry(
    ofPlan,
    kind,
    () =>
      new Gather(
        (ids) => rowsById(read, ids),
        plan.dialect.capabilities.soloReads,
        () => ofPlan.delete(kind),
      ),
  );
}

function entry<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
