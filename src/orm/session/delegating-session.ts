import type { RawRow, Row } from '../dialect/driver.js';
import type { DatabaseCore } from './database-core.js';
import type { Scope } from './scope.js';
import type { Hook, Session, UnitOptions } from './session.js';
import type { WriteEvent } from './watch/write-event.js';

/** A session that passes everything on to another one; what differs is overridden. */
export abstract class DelegatingSession implements Session {
  readonly core: DatabaseCore;
  protected readonly session: Session;

  constructor(session: Session) {
    this.core = session.core;
    this.session = session;
  }

  get reader(): Session {
    return this.session.reader;
  }

  get mayWrite(): boolean {
    return this.session.mayWrite;
  }

  all(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]> {
    return this.session.all(sql, params, bigints, signal);
  }

  run(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<number> {
    return this.session.run(sql, params, signal);
  }

  change(sql: string, params: readonly unknown[], bigints?: boolean, signal?: AbortSignal): Promise<RawRow[]> {
    return this.session.change(sql, params, bigints, signal);
  }

  objects(sql: string, params: readonly unknown[], signal?: AbortSignal): Promise<Row[]> {
    return this.session.objects(sql, params, signal);
  }

  unit<T>(work: (scope: Scope) => Promise<T>, options?: UnitOptions): Promise<T> {
    return this.session.unit(work, options);
  }

  recordWrite(event: WriteEvent): void {
    this.session.recordWrite(event);
  }

  afterCommit(hook: Hook): void {
    this.session.afterCommit(hook);
  }

  afterRollback(hook: Hook): void {
    this.session.afterRollback(hook);
  }
}
