import { SchemaError, ValidationError } from '../../../base/errors.js';
import { shownName, suggestion } from '../../entity/naming.js';
import { type RelationMeta, resolveRelation } from '../../entity/relations.js';
import type { Session } from '../../session/session.js';
import { type EntityPlan, entityPlan } from '../../sql/entity-plan.js';
import { isPlainObject } from '../../sql/read/field-condition.js';
import type { Fragment } from '../../sql/read/fragment.js';
import type { LooseFindOptions } from '../options.js';
import { type RelatedOptions, readRelated } from './related-rows.js';
import { PRESENT, type Source } from './source.js';

/** What a read includes, checked before anything is read. */
export interface Inclusion {
  /** The fields that the rows must be read with; `undefined` for all of them. */
  readonly select: readonly string[] | undefined;
  /** Reads what is included, one query for each relation, and gives it to the rows. */
  attach(rows: readonly object[]): Promise<void>;
}

type Loose = Record<string, unknown>;
type Included = Pick<LooseFindOptions, 'include' | 'select'>;

/** @returns `undefined` when nothing is included. */
export function inclusionOf(
  session: Session,
  plan: EntityPlan,
  { include, select }: Included,
  source: Source = PRESENT,
): Inclusion | undefined {
  if (include === undefined) return undefined;
  if (!isPlainObject(include)) throw new ValidationError([], 'include must be an object of relations');
  const branches = Object.keys(include).map((name) => branchOf(session, plan, name, include[name], source));
  const keys = new Set(branches.map(({ relation }) => relation.here.property));
  const extra = select === undefined ? [] : [...keys].filter((key) => !select.includes(key));
  return {
    select: select && [...select, ...extra],
    attach: async (rows) => {
      await Promise.all(branches.map((branch) => attachBranch(session, branch, rows as readonly Loose[])));
      for (const row of rows as readonly Loose[]) for (const key of extra) delete row[key];
    },
  };
}

/** One included relation. */
interface Branch {
  readonly relation: RelationMeta;
  readonly plan: EntityPlan;
  readonly options: RelatedOptions;
  /** What its rows are read from. */
  readonly from: Fragment;
  /** The fields that its rows are read with; `undefined` for all of them. */
  readonly select: readonly string[] | undefined;
  /** Whether the other side's key was read only to tell whose rows they are. */
  readonly dropsKey: boolean;
  readonly inner: Inclusion | undefined;
}

function branchOf(session: Session, plan: EntityPlan, name: string, wanted: unknown, source: Source): Branch {
  const relation = relationNamed(plan, name);
  const { target, there } = relation;
  const options = branchOptions(plan, relation, wanted);
  if (!session.core.lists(target.entity))
    throw new SchemaError(`${target.name} is not among the entities of this database and cannot be included`);
  const targetPlan = entityPlan(target, session.core.dialect);
  const dropsKey = options.select !== undefined && !options.select.includes(there.property);
  const select = dropsKey ? [...(options.select ?? []), there.property] : options.select;
  const inner = inclusionOf(session, targetPlan, { include: options.include, select }, source);
  const from = source(targetPlan);
  return { relation, plan: targetPlan, options, from, select: inner ? inner.select : select, dropsKey, inner };
}

function relationNamed({ meta }: EntityPlan, name: string): RelationMeta {
  const declared = meta.relations.get(name);
  if (declared) return resolveRelation(meta, name, declared);
  throw new ValidationError(
    [{ loc: ['include', shownName(name)], msg: 'unknown relation', type: 'unknown_relation' }],
    `${meta.name} has no relation "${shownName(name)}"${suggestion(name, meta.relations.keys())}`,
  );
}

const OPTIONS_OF_ONE: readonly string[] = ['select', 'include', 'includeDeleted'];
const OPTIONS_OF_MANY: readonly string[] = [...OPTIONS_OF_ONE, 'where', 'params', 'orderBy', 'limit'];

function branchOptions({ meta }: EntityPlan, { property, many }: RelationMeta, wanted: unknown): RelatedOptions {
  if (wanted === true) return {};
  const where = `include.${property} of ${meta.name}`;
  if (!isPlainObject(wanted)) throw new ValidationError([], `${where} must be true or an object of options`);
  const known = many ? OPTIONS_OF_MANY : OPTIONS_OF_ONE;
  const unknown = Object.keys(wanted).find((key) => !known.includes(key));
  if (unknown === undefined) return wanted;
  throw new ValidationError([], `${where} has no option "${unknown}"; use one of ${known.join(', ')}`);
}

async function attachBranch(session: Session, branch: Branch, rows: readonly Loose[]): Promise<void> {
  const { relation, plan, options, from, select, dropsKey, inner } = branch;
  const { property, here, there, many } = relation;
  const keys = new Set(rows.map((row) => row[here.property] as string | null));
  keys.delete(null);
  const wanted = { ...options, select };
  const related = (await readRelated(session, plan, relation, [...keys] as string[], wanted, from)) as Loose[];
  await inner?.attach(related);
  const byKey = new Map<unknown, Loose[]>([...keys].map((key) => [key, []]));
  for (const row of related) byKey.get(row[there.property])?.push(row);
  for (const row of rows) {
    const own = byKey.get(row[here.property]);
    row[property] = many ? [...(own ?? [])] : (own?.[0] ?? null);
  }
  if (dropsKey) for (const row of related) delete row[there.property];
}
