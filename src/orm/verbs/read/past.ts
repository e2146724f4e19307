import type { EntityTarget } from '../../entity/field-types.js';
import type { NoRelations, Selected } from '../../entity/relation-arguments.js';
import type { FieldKeys } from '../../entity/typed-arguments.js';
import { asOfSource, assertKept } from '../../history/as-of.js';
import type { Session } from '../../session/session.js';
import type { EntityPlan } from '../../sql/entity-plan.js';
import type { CountOptions, FindOptions, GetOptions, Page, PageOptions, VerbOptions } from '../options.js';
import { resolveReader, tenantLimit } from '../resolve.js';
import { assertId } from './get-row.js';
import { findPage } from './page.js';
import { countRows, findRows } from './select.js';
import type { Source } from './source.js';

/** Reads an entity as it was at a moment. @throws NotFoundError where versions that it would need were pruned. */
export class Past<T extends object> {
  readonly #entity: EntityTarget;
  readonly #moment: Date;
  readonly #options: VerbOptions | undefined;

  constructor(entity: EntityTarget, moment: Date, options: VerbOptions | undefined) {
    this.#entity = entity;
    this.#moment = moment;
    this.#options = options;
  }

  async find<const K extends FieldKeys<T> = FieldKeys<T>, const I = NoRelations>(
    options: FindOptions<T, K, I> = {},
  ): Promise<Array<Selected<T, K, I>>> {
    return (await this.#read(options, findRows)) as Array<Selected<T, K, I>>;
  }

  async findOne<const K extends FieldKeys<T> = FieldKeys<T>, const I = NoRelations>(
    options: FindOptions<T, K, I> = {},
  ): Promise<Selected<T, K, I> | null> {
    const [row] = await this.find({ ...options, limit: 1 } as FindOptions<T, K, I>);
    return row ?? null;
  }

  async findPage<const K extends FieldKeys<T> = FieldKeys<T>, const I = NoRelations>(
    options: PageOptions<T, K, I> = {},
  ): Promise<Page<Selected<T, K, I>>> {
    return (await this.#read(options, findPage)) as Page<Selected<T, K, I>>;
  }

  async get<const I = NoRelations>(
    id: string,
    options: GetOptions<T, I> = {},
  ): Promise<Selected<T, FieldKeys<T>, I> | null> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    assertId(plan, id);
    const seen: EntityPlan[] = [];
    const [row] = await findRows(session, plan, { ...options, where: { id } }, this.#source(seen));
    const related = seen.toSpliced(seen.lastIndexOf(plan), 1);
    if (!row) await this.#assertKept(session, plan, id);
    for (const each of new Set(related)) await this.#assertKept(session, each);
    return (row as Selected<T, FieldKeys<T>, I> | undefined) ?? null;
  }

  async count(options: CountOptions<T> = {}): Promise<number> {
    return this.#read(options, countRows);
  }

  async #read<O extends VerbOptions, R>(
    options: O,
    read: (session: Session, plan: EntityPlan, options: O, source: Source) => Promise<R>,
  ): Promise<R> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    const seen: EntityPlan[] = [];
    const answer = await read(session, plan, options, this.#source(seen));
    for (const each of new Set(seen)) await this.#assertKept(session, each);
    return answer;
  }

  /** @param seen takes the entities that are read. */
  #source(seen: EntityPlan[]): Source {
    return (plan) => {
      seen.push(plan);
      return asOfSource(plan, this.#moment);
    };
  }

  #assertKept(session: Session, plan: EntityPlan, id?: string): Promise<void> {
    return assertKept(session, plan, this.#moment, tenantLimit(plan), id);
  }
}
