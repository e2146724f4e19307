import type { EntityTarget } from '../entity/field-types.js';
import type { FieldKeys, Selected } from '../entity/typed-arguments.js';
import { asOfSource } from '../history/as-of.js';
import type { CountOptions, FindOptions, GetOptions, VerbOptions } from './options.js';
import { resolve } from './resolve.js';
import { assertId, countRows, findRows, type Source } from './select.js';

/** Reads an entity as it was at a moment. */
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
    options: FindOptions<T, K> = {},
  ): Promise<Array<Selected<T, K>>> {
    const { session, plan } = resolve(this.#entity, { ...this.#options, ...options });
    const source: Source = (parameters) => asOfSource(plan, this.#moment, parameters);
    return (await findRows(session, plan, options, source)) as Array<Selected<T, K>>;
  }

  async findOne(options: FindOptions<T> = {}): Promise<T | null> {
    const [row] = await this.find({ ...options, limit: 1 });
    return (row as T | undefined) ?? null;
  }

  async get(id: string, options: GetOptions = {}): Promise<T | null> {
    const { session, plan } = resolve(this.#entity, { ...this.#options, ...options });
    assertId(plan, id);
    const source: Source = (parameters) => asOfSource(plan, this.#moment, parameters);
    const [row] = await findRows(session, plan, { ...options, where: { id } }, source);
    return (row as T | undefined) ?? null;
  }

  async count(options: CountOptions<T> = {}): Promise<number> {
    const { session, plan } = resolve(this.#entity, { ...this.#options, ...options });
    return countRows(session, plan, options, (parameters) => asOfSource(plan, this.#moment, parameters));
  }
}
