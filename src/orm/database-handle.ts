import { SchemaError } from '../base/errors.js';
import type { Row } from './dialect/driver.js';
import { suggestion } from './entity/naming.js';
import { entityMeta } from './entity/registry.js';
import { versionsOf } from './history/versions.js';
import { currentSession } from './session/ambient.js';
import type { Hook, Session } from './session/session.js';
import { type EntityPlan, entityPlan } from './sql/entity-plan.js';
import { assertParameterCount, renderTokens, tokenize } from './sql/tokenizer.js';
import { type ChangeRequest, deleteById, restoreById, softDeleteById, updateById } from './verbs/change.js';
import type { LooseFindOptions } from './verbs/options.js';
import { tenantLimit } from './verbs/resolve.js';
import { type SaveRequest, saveRow, saveRows } from './verbs/save.js';
import { countRows, findRows, getRow } from './verbs/select.js';

/** A row of a verb by table name: an instance of its entity, its properties not known to the compiler. */
export type LooseRow = Record<string, unknown>;

type Query = Omit<LooseFindOptions, 'db'>;

/** A database, or the context of one transaction: statements, and the verbs by table name. */
export class DatabaseHandle {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  /** Runs a hand-written query. `?` takes a parameter, `[name]` is quoted for the engine. */
  async query<R extends object = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return (await this.#current().objects(this.#render(sql, params), this.#bind(params))) as R[];
  }

  /** Runs a hand-written statement. It keeps no history. @returns how many rows it changed. */
  async execute(sql: string, params: readonly unknown[] = []): Promise<number> {
    return this.#current().run(this.#render(sql, params), this.#bind(params));
  }

  /** Runs once everything so far is committed; at once where no transaction is open. A fault of `hook` is logged. */
  afterCommit(hook: Hook): void {
    this.#current().afterCommit(hook);
  }

  /** Runs when the transaction is rolled back. */
  afterRollback(hook: Hook): void {
    this.#current().afterRollback(hook);
  }

  async findEntity(table: string, id: string, options: { includeDeleted?: boolean } = {}): Promise<LooseRow | null> {
    return (await getRow(this.#current(), this.#plan(table), id, options.includeDeleted ?? false)) as LooseRow | null;
  }

  async findEntities(table: string, options: Query = {}): Promise<LooseRow[]> {
    return (await findRows(this.#current(), this.#plan(table), options)) as LooseRow[];
  }

  async countEntities(table: string, options: Query = {}): Promise<number> {
    return countRows(this.#current(), this.#plan(table), options);
  }

  async saveEntity(table: string, data: object, options: SaveRequest = {}): Promise<LooseRow> {
    return (await saveRow(this.#current(), this.#plan(table), data, options)) as LooseRow;
  }

  async saveEntities(table: string, rows: readonly object[], options: SaveRequest = {}): Promise<LooseRow[]> {
    return (await saveRows(this.#current(), this.#plan(table), rows, options)) as LooseRow[];
  }

  async updateEntity(
    table: string,
    id: string,
    changes: object,
    options: ChangeRequest = {},
  ): Promise<LooseRow | null> {
    return (await updateById(this.#current(), this.#plan(table), id, changes, options)) as LooseRow | null;
  }

  async softDeleteEntity(table: string, id: string, options: ChangeRequest = {}): Promise<boolean> {
    return softDeleteById(this.#current(), this.#plan(table), id, options);
  }

  async restoreEntity(table: string, id: string, options: ChangeRequest = {}): Promise<boolean> {
    return restoreById(this.#current(), this.#plan(table), id, options);
  }

  async deleteEntity(table: string, id: string, options: ChangeRequest = {}): Promise<boolean> {
    return deleteById(this.#current(), this.#plan(table), id, options);
  }

  async entityHistory(table: string, id: string): Promise<LooseRow[]> {
    const plan = this.#plan(table);
    return (await versionsOf(this.#current(), plan, id, tenantLimit(plan))) as LooseRow[];
  }

  #current(): Session {
    return currentSession(this.session);
  }

  #render(sql: string, params: readonly unknown[]): string {
    if (TRANSACTION_CONTROL.test(sql))
      throw new SchemaError('Transactions are opened and ended by dbContext(fn), not by statements');
    const { quote, placeholder } = this.session.core.dialect;
    const rendered = renderTokens(tokenize(sql, false), quote, placeholder, 1);
    assertParameterCount(rendered.parameters, params.length, 'The statement');
    return rendered.sql;
  }

  #bind(params: readonly unknown[]): unknown[] {
    return params.map(this.session.core.dialect.bind);
  }

  #plan(table: string): EntityPlan {
    const metas = this.session.core.entities.map(entityMeta);
    const meta = metas.find((candidate) => candidate.table === table);
    if (meta) return entityPlan(meta, this.session.core.dialect);
    throw new SchemaError(
      `No entity has the table "${table}"${suggestion(
        table,
        metas.map((candidate) => candidate.table),
      )}`,
    );
  }
}

const TRANSACTION_CONTROL = /^\s*(begin|start\s+transaction|commit|end|rollback|savepoint|release)\b/i;
