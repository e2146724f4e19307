import { SchemaError, ValidationError } from '../base/errors.js';
import type { Row } from './dialect/driver.js';
import { shownName, suggestion } from './entity/naming.js';
import { entityMeta } from './entity/registry.js';
import {
  type RecordedVersion,
  recordedVersions,
  type VersionKey,
  versionsBetween,
} from './history/recorded-versions.js';
import type { VersionPage } from './history/versions.js';
import { currentSession } from './session/ambient.js';
import type { Hook, Session } from './session/session.js';
import { type EntityPlan, entityPlan } from './sql/entity-plan.js';
import { placeholders } from './sql/read/fragment.js';
import { assertParameterCount, renderTokens, tokenize } from './sql/tokenizer.js';
import type { LooseFindOptions, StatementOptions } from './verbs/options.js';
import { getRow } from './verbs/read/get-row.js';
import { historyOf, versionById } from './verbs/read/history.js';
import { countRows, findRows } from './verbs/read/select.js';
import { abortable } from './verbs/resolve.js';
import {
  type ChangeRequest,
  deleteById,
  restoreById,
  softDeleteById,
  updateById,
} from './verbs/write/change/change.js';
import { restoreMany, softDeleteMany, updateMany } from './verbs/write/change/change-many.js';
import type { ManyRequest } from './verbs/write/change/many-condition.js';
import { type DeleteManyRequest, deleteMany } from './verbs/write/remove/delete-many.js';
import { revertById } from './verbs/write/revert/revert.js';
import type { SaveRequest } from './verbs/write/save/prepared-row.js';
import { saveRow } from './verbs/write/save/save.js';
import { type SaveManyRequest, saveRows } from './verbs/write/save/save-many.js';

/** A row of a verb by table name: an instance of its entity, its properties not known to the compiler. */
export type LooseRow = Record<string, unknown>;

type Query = Omit<LooseFindOptions, 'db'>;
type Where = string | object;

/** A database, or the context of one transaction: statements, and the verbs by table name. */
export class DatabaseHandle {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  /** Runs a hand-written query. `?` takes a parameter, `[name]` is quoted for the engine. */
  async query<R extends object = Row>(
    sql: string,
    params: readonly unknown[] = [],
    { signal }: StatementOptions = {},
  ): Promise<R[]> {
    return (await this.#current().reader.objects(this.#render(sql, params), this.#bind(params), signal)) as R[];
  }

  /** Runs a hand-written statement. It keeps no history. @returns how many rows it changed. */
  async execute(sql: string, params: readonly unknown[] = [], { signal }: StatementOptions = {}): Promise<number> {
    return this.#current().run(this.#render(sql, params), this.#bind(params), signal);
  }

  /** Whether what is written here and now is part of a transaction that is committed later. */
  get isInTransaction(): boolean {
    const session = this.#current();
    return session !== session.core && session.mayWrite;
  }

  /** Whether what is read here and now is what one transaction sees: ahead of what others see, or behind it. */
  get isInContext(): boolean {
    const session = this.#current();
    return session !== session.core;
  }

  /** Runs once everything so far is committed; at once where no transaction is open. A fault of `hook` is logged. */
  afterCommit(hook: Hook): void {
    this.#current().afterCommit(hook);
  }

  /** Runs when the transaction is rolled back. */
  afterRollback(hook: Hook): void {
    this.#current().afterRollback(hook);
  }

  async findEntity(
    table: string,
    id: string,
    options: { includeDeleted?: boolean } & StatementOptions = {},
  ): Promise<LooseRow | null> {
    return (await getRow(
      this.#current(options.signal).reader,
      this.planOf(table),
      id,
      options.includeDeleted ?? false,
    )) as LooseRow | null;
  }

  async findEntities(table: string, options: Query = {}): Promise<LooseRow[]> {
    return (await findRows(this.#current(options.signal).reader, this.planOf(table), options)) as LooseRow[];
  }

  async countEntities(table: string, options: Query = {}): Promise<number> {
    return countRows(this.#current(options.signal).reader, this.planOf(table), options);
  }

  async saveEntity(table: string, data: object, options: SaveRequest & StatementOptions = {}): Promise<LooseRow> {
    return (await saveRow(this.#current(options.signal), this.planOf(table), data, options)) as LooseRow;
  }

  async saveEntities(
    table: string,
    rows: readonly object[],
    options: SaveManyRequest & StatementOptions = {},
  ): Promise<LooseRow[]> {
    return (await saveRows(this.#current(options.signal), this.planOf(table), rows, options)) as LooseRow[];
  }

  async updateEntity(
    table: string,
    id: string,
    changes: object,
    options: ChangeRequest & StatementOptions = {},
  ): Promise<LooseRow | null> {
    return (await updateById(
      this.#current(options.signal),
      this.planOf(table),
      id,
      changes,
      options,
    )) as LooseRow | null;
  }

  async updateEntities(
    table: string,
    where: Where,
    changes: object,
    options: ManyRequest & StatementOptions = {},
  ): Promise<number> {
    return updateMany(this.#current(options.signal), this.planOf(table), where, changes, options);
  }

  async softDeleteEntities(table: string, where: Where, options: ManyRequest & StatementOptions = {}): Promise<number> {
    return softDeleteMany(this.#current(options.signal), this.planOf(table), where, options);
  }

  async restoreEntities(table: string, where: Where, options: ManyRequest & StatementOptions = {}): Promise<number> {
    return restoreMany(this.#current(options.signal), this.planOf(table), where, options);
  }

  async deleteEntities(
    table: string,
    where: Where,
    options: DeleteManyRequest & StatementOptions = {},
  ): Promise<number> {
    return deleteMany(this.#current(options.signal), this.planOf(table), where, options);
  }

  async softDeleteEntity(table: string, id: string, options: ChangeRequest & StatementOptions = {}): Promise<boolean> {
    return softDeleteById(this.#current(options.signal), this.planOf(table), id, options);
  }

  async restoreEntity(table: string, id: string, options: ChangeRequest & StatementOptions = {}): Promise<boolean> {
    return restoreById(this.#current(options.signal), this.planOf(table), id, options);
  }

  async deleteEntity(table: string, id: string, options: ChangeRequest & StatementOptions = {}): Promise<boolean> {
    return deleteById(this.#current(options.signal), this.planOf(table), id, options);
  }

  async entityHistory(table: string, id: string, options: VersionPage & StatementOptions = {}): Promise<LooseRow[]> {
    return (await historyOf(this.#current(options.signal).reader, this.planOf(table), id, options)) as LooseRow[];
  }

  async entityVersion(
    table: string,
    id: string,
    version: number,
    options: StatementOptions = {},
  ): Promise<LooseRow | null> {
    return (await versionById(
      this.#current(options.signal).reader,
      this.planOf(table),
      id,
      version,
    )) as LooseRow | null;
  }

  /** Versions as they are recorded, of whatever tenant, those of `keys` that there are: for those who keep records of changes. */
  async recordedVersions(table: string, keys: readonly VersionKey[]): Promise<RecordedVersion[]> {
    return recordedVersions(this.#current(), this.planOf(table), keys);
  }

  /** Which versions were recorded from `since` on and before `until`, page by page, of whatever tenant. */
  versionsBetween(table: string, span: { since: Date; until: Date }): AsyncGenerator<VersionKey[]> {
    const [since, until] = [span.since.toISOString(), span.until.toISOString()];
    return versionsBetween(this.#current(), this.planOf(table), { since, until });
  }

  async revertEntityTo(
    table: string,
    id: string,
    version: number,
    options: ChangeRequest & StatementOptions = {},
  ): Promise<LooseRow> {
    return (await revertById(this.#current(options.signal), this.planOf(table), id, version, options)) as LooseRow;
  }

  #current(signal?: AbortSignal): Session {
    return abortable(currentSession(this.session), signal);
  }

  #render(sql: string, params: readonly unknown[]): string {
    if (typeof sql !== 'string') throw new SchemaError('A statement is text, with its values as params');
    if (TRANSACTION_CONTROL.test(sql))
      throw new SchemaError('Transactions are opened and ended by dbContext(fn), not by statements');
    const { dialect } = this.session.core;
    const rendered = renderTokens(tokenize(sql), dialect.quote, placeholders(dialect));
    assertParameterCount(rendered.parameters, params.length, 'The statement');
    return rendered.sql;
  }

  #bind(params: readonly unknown[]): unknown[] {
    const { bind, capabilities } = this.session.core.dialect;
    if (!Array.isArray(params)) throw new ValidationError([], 'params must be a list of values');
    if (params.length > capabilities.maxParameters) {
      const most = `the ${capabilities.maxParameters} of one statement`;
      throw new ValidationError([], `${params.length} params are more than ${most}; ask in parts`);
    }
    return params.map(bind);
  }

  /** @throws SchemaError naming the nearest table. */
  protected planOf(table: string): EntityPlan {
    const metas = this.session.core.entities.map(entityMeta);
    const meta = metas.find((candidate) => candidate.table === table);
    if (meta) return entityPlan(meta, this.session.core.dialect);
    if (typeof table !== 'string') throw new SchemaError('A table is named by text');
    throw new SchemaError(
      `No entity has the table "${shownName(table)}"${suggestion(
        table,
        metas.map((candidate) => candidate.table),
      )}`,
    );
  }
}

const TRANSACTION_CONTROL =
  /^(?:\s|;|--[^\n]*\n|#[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:\/\*M?!\d*\s*)?(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|xa)\b/i;
