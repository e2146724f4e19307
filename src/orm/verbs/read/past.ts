import type { EntityTarget } from '../../entity/field-types.js';
import type { Selected } from '../../entity/relation-arguments.js';
import type { FieldKeys } from '../../entity/typed-arguments.js';
import { asOfSource, assertKept } from '../../history/as-of.js';
import type { CountOptions, FindOptions, GetOptions, Page, PageOptions, VerbOptions } from '../options.js';
import { resolveReader, tenantLimit } from '../resolve.js';
import { assertId } from './get-row.js';
import { findPage } from './page.js';
import { countRows, findRows } from './select.js';

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

  async find<const K extends FieldKeys<T> = FieldKeys<T>>(
    options: Omit<FindOptions<T, K>, 'include'> = {},
  ): Promise<Array<Selected<T, K>>> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    const rows = await findRows(session, plan, options, asOfSource(plan, this.#moment));
    await assertKept(session, plan, this.#moment, tenantLimit(plan));
    return rows as Array<Selected<T, K>>;
  }

  async findOne(options: Omit<FindOptions<T>, 'include'> = {}): Promise<T | null> {
    const [row] = await this.find({ ...options, limit: 1 });
    return (row as T | undefined) ?? null;
  }

  async findPage<const K extends FieldKeys<T> = FieldKeys<T>>(
    options: Omit<PageOptions<T, K>, 'include'> = {},
  ): Promise<Page<Selected<T, K>>> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    const page = await findPage(session, plan, options, asOfSource(plan, this.#moment));
    await assertKept(session, plan, this.#moment, tenantLimit(plan));
    return page as Page<Selected<T, K>>;
  }

  async get(id: string, options: Omit<GetOptions, 'include'> = {}): Promise<T | null> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    assertId(plan, id);
    const [row] = await findRows(session, plan, { ...options, where: { id } }, asOfSource(plan, this.#moment));
    if (!row) await assertKept(session, plan, this.#moment, tenantLimit(plan), id);
    return (row as T | undefined) ?? null;
  }

  async count(options: CountOptions<T> = {}): Promise<number> {
    const { session, plan } = resolveReader(this.#entity, { ...this.#options, ...options });
    const count = await countRows(session, plan, options, asOfSource(plan, this.#moment));
    await assertKept(session, plan, this.#moment, tenantLimit(plan));
    return count;
  }
}
