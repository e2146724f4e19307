import { NotFoundError } from '../base/errors.js';
import type { Include, NoRelations, Selected } from './entity/relation-arguments.js';
import type { Average, FieldKeys, OrderableKeys, Present, Sum, SummableKeys } from './entity/typed-arguments.js';
import { type EntityClass, StoredRow } from './stored-row.js';
import type { CountOptions, FindOptions, GetOptions, Page, PageOptions, StreamOptions } from './verbs/options.js';
import { averageField, extremeOf, sumField } from './verbs/read/aggregate.js';
import { getWithRelations } from './verbs/read/get-row.js';
import { findPage } from './verbs/read/page.js';
import { anyRow, countRows, findRows } from './verbs/read/select.js';
import { streamRows } from './verbs/read/stream.js';
import { resolveReader } from './verbs/resolve.js';

/** The verbs that read rows as they are. */
export abstract class ReadVerbs extends StoredRow {
  static async get<T extends object, const I extends Include<T> = NoRelations>(
    this: EntityClass<T>,
    id: string,
    options: GetOptions<T, I> = {},
  ): Promise<Selected<T, FieldKeys<T>, I> | null> {
    const { session, plan } = resolveReader(this, options);
    return (await getWithRelations(session, plan, id, options)) as Selected<T, FieldKeys<T>, I> | null;
  }

  /** @throws NotFoundError */
  static async getOrThrow<T extends object, const I extends Include<T> = NoRelations>(
    this: EntityClass<T>,
    id: string,
    options: GetOptions<T, I> = {},
  ): Promise<Selected<T, FieldKeys<T>, I>> {
    const { session, plan } = resolveReader(this, options);
    const row = await getWithRelations(session, plan, id, options);
    if (!row)
      throw new NotFoundError(`${plan.meta.name} ${id} does not exist`, { details: { table: plan.meta.table, id } });
    return row as Selected<T, FieldKeys<T>, I>;
  }

  static async find<
    T extends object,
    const K extends FieldKeys<T> = FieldKeys<T>,
    const I extends Include<T> = NoRelations,
  >(this: EntityClass<T>, options: FindOptions<T, K, I> = {}): Promise<Array<Selected<T, K, I>>> {
    const { session, plan } = resolveReader(this, options);
    return (await findRows(session, plan, options)) as Array<Selected<T, K, I>>;
  }

  /** The first row, or `null`. */
  static async findOne<
    T extends object,
    const K extends FieldKeys<T> = FieldKeys<T>,
    const I extends Include<T> = NoRelations,
  >(this: EntityClass<T>, options: Omit<FindOptions<T, K, I>, 'limit'> = {}): Promise<Selected<T, K, I> | null> {
    const { session, plan } = resolveReader(this, options);
    const [row] = await findRows(session, plan, { ...options, limit: 1 });
    return (row as Selected<T, K, I> | undefined) ?? null;
  }

  /**
   * One page of the rows in an order: `orderBy`, ties broken by id. Pages are found by cursors, so that no row is seen
   * twice or left out while others come and go.
   * @throws ValidationError for a cursor that belongs to another entity or order.
   */
  static async findPage<
    T extends object,
    const K extends FieldKeys<T> = FieldKeys<T>,
    const I extends Include<T> = NoRelations,
  >(this: EntityClass<T>, options: PageOptions<T, K, I> = {}): Promise<Page<Selected<T, K, I>>> {
    const { session, plan } = resolveReader(this, options);
    return (await findPage(session, plan, options)) as Page<Selected<T, K, I>>;
  }

  static async count<T extends object>(this: EntityClass<T>, options: CountOptions<T> = {}): Promise<number> {
    const { session, plan } = resolveReader(this, options);
    return countRows(session, plan, options);
  }

  static async exists<T extends object>(this: EntityClass<T>, options: CountOptions<T> = {}): Promise<boolean> {
    const { session, plan } = resolveReader(this, options);
    return anyRow(session, plan, options);
  }

  /**
   * The sum of a field, exact for all but `number`: a bigint of a `bigint`, decimal text of a `decimal`. Of no values it
   * is zero.
   * @throws KernelError `E_OUT_OF_RANGE` when an `integer` sum is no safe integer.
   */
  static async sum<T extends object, K extends SummableKeys<T>>(
    this: EntityClass<T>,
    field: K,
    options: CountOptions<T> = {},
  ): Promise<Sum<Present<T[K]>>> {
    const { session, plan } = resolveReader(this, options);
    return (await sumField(session, plan, field, options)) as Sum<Present<T[K]>>;
  }

  /** The average of a field: a number; of a `bigint` or `decimal` decimal text. Of no values it is `null`. */
  static async avg<T extends object, K extends SummableKeys<T>>(
    this: EntityClass<T>,
    field: K,
    options: CountOptions<T> = {},
  ): Promise<Average<Present<T[K]>> | null> {
    const { session, plan } = resolveReader(this, options);
    return (await averageField(session, plan, field, options)) as Average<Present<T[K]>> | null;
  }

  /** The smallest value of a field, in the order of `orderBy`. Of no values it is `null`. */
  static async min<T extends object, K extends OrderableKeys<T>>(
    this: EntityClass<T>,
    field: K,
    options: CountOptions<T> = {},
  ): Promise<Present<T[K]> | null> {
    const { session, plan } = resolveReader(this, options);
    return (await extremeOf(session, plan, field, 'asc', options)) as Present<T[K]> | null;
  }

  /** The largest value of a field, in the order of `orderBy`. Of no values it is `null`. */
  static async max<T extends object, K extends OrderableKeys<T>>(
    this: EntityClass<T>,
    field: K,
    options: CountOptions<T> = {},
  ): Promise<Present<T[K]> | null> {
    const { session, plan } = resolveReader(this, options);
    return (await extremeOf(session, plan, field, 'desc', options)) as Present<T[K]> | null;
  }

  /**
   * Rows in the order of their ids, read in batches: memory stays flat. Rows may be changed while they are read; inside
   * `dbContext(fn, { readOnly: true })` all of them are of one moment.
   */
  static stream<T extends object>(
    this: EntityClass<T>,
    options: StreamOptions<T> = {},
  ): AsyncGenerator<T, void, undefined> {
    const { session, plan } = resolveReader(this, options);
    return streamRows(session, plan, options) as AsyncGenerator<T, void, undefined>;
  }
}
