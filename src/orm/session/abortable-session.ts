import type { RawRow, Row } from '../dialect/driver.js';
import { DelegatingSession } from './delegating-session.js';
import type { Scope } from './scope.js';
import type { Session, UnitOptions } from './session.js';
import { eitherSignal } from './until-aborted.js';

/** A session whose every statement a signal ends: what `{ signal }` of one verb makes of the session it runs in. */
export class AbortableSession extends DelegatingSession {
  readonly #signal: AbortSignal;

  constructor(session: Session, signal: AbortSignal) {
    super(session);
    this.#signal = signal;
  }

  override get reader(): Session {
    return new AbortableSession(this.session.reader, this.#signal);
  }

  override all(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    return this.session.all(sql, params, bigints, this.#signal);
  }

  override run(sql: string, params: readonly unknown[]): Promise<number> {
    return this.session.run(sql, params, this.#signal);
  }

  override change(sql: string, params: readonly unknown[], bigints?: boolean): Promise<RawRow[]> {
    return this.session.change(sql, params, bigints, this.#signal);
  }

  override objects(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return this.session.objects(sql, params, this.#signal);
  }

  override unit<T>(work: (scope: Scope) => Promise<T>, options: UnitOptions = {}): Promise<T> {
    return this.session.unit(work, { ...options, signal: eitherSignal(options.signal, this.#signal) });
  }
}
