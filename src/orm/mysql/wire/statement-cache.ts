import type { Pipeline } from './pipeline.js';
import { Preparation } from './preparation.js';
import { closeRequest } from './request.js';

/** Prepared statements of one connection; the server has 16 382 for all of them. */
export const MAX_STATEMENTS = 200;

/** The statements a connection has prepared; the one that was used longest ago makes room for a new one. */
export class StatementCache {
  readonly #pipeline: Pipeline;
  readonly #ids = new Map<string, number>();
  readonly #preparing = new Map<string, Promise<number>>();

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  /** The server's number of a statement; `undefined` where it has to be prepared first. */
  get(sql: string): number | undefined {
    const id = this.#ids.get(sql);
    if (id === undefined) return undefined;
    this.#ids.delete(sql);
    this.#ids.set(sql, id);
    return id;
  }

  /** The same, once it is there. */
  prepare(sql: string): Promise<number> {
    const preparing = this.#preparing.get(sql) ?? this.#prepare(sql).finally(() => this.#preparing.delete(sql));
    this.#preparing.set(sql, preparing);
    return preparing;
  }

  async #prepare(sql: string): Promise<number> {
    const id = await this.#pipeline.send(new Preparation(sql));
    if (this.#ids.size >= MAX_STATEMENTS) this.#forgetOldest();
    this.#ids.set(sql, id);
    return id;
  }

  #forgetOldest(): void {
    const [oldest] = this.#ids;
    if (!oldest) return;
    const [sql, id] = oldest;
    this.#ids.delete(sql);
    this.#pipeline.post(closeRequest(id));
  }
}
