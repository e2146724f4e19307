import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, systemClock } from './clock.js';
import { CircuitOpenError } from './errors.js';

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreakerOptions {
  /** Failures inside `windowMs` that open the circuit. */
  failureThreshold?: number;
  windowMs?: number;
  /** How long the circuit stays open, at most, before probes are let through. */
  openMs?: number;
  /**
   * How long it stays open the first time; twice as long each time that a probe fails, up to `openMs`, which is the default.
   * A service that has only been restarted is so found again at once, and one that stays down is still left alone.
   */
  firstOpenMs?: number;
  /** Probes let through at once while half open; that many successes close the circuit. */
  probes?: number;
  /** Faults of the caller (bad SQL, a constraint) say nothing about the service and do not count. */
  isFailure?(error: unknown): boolean;
  clock?: Clock;
  onChange?(state: CircuitState): void;
}

/** Refuses calls to a failing service for a while, so that it can recover and callers fail fast. */
export class CircuitBreaker {
  readonly #service: string;
  readonly #failureThreshold: number;
  readonly #windowMs: number;
  readonly #openMs: number;
  readonly #firstOpenMs: number;
  readonly #probes: number;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #clock: Clock;
  readonly #onChange: (state: CircuitState) => void;
  #state: CircuitState = 'closed';
  #failures: number[] = [];
  #openedAt = 0;
  #pauseMs: number;
  #probing = 0;
  #successes = 0;

  constructor(service: string, options: CircuitBreakerOptions = {}) {
    this.#service = service;
    this.#failureThreshold = options.failureThreshold ?? 5;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#openMs = options.openMs ?? 30_000;
    this.#firstOpenMs = options.firstOpenMs ?? this.#openMs;
    this.#pauseMs = this.#firstOpenMs;
    this.#probes = options.probes ?? 3;
    this.#isFailure = options.isFailure ?? (() => true);
    this.#clock = options.clock ?? systemClock;
    this.#onChange = options.onChange ?? (() => {});
  }

  get state(): CircuitState {
    return this.#state;
  }

  /**
   * @throws CircuitOpenError without calling `work` while the circuit is open; in a later turn of the event loop, so
   *   that a caller who tries again at once leaves turns to timers and sockets
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#state === 'closed' ? this.#observe(work) : this.#probe(work);
  }

  async #probe<T>(work: () => Promise<T>): Promise<T> {
    const refusal = this.#admitProbe();
    if (refusal) {
      await nextTurn();
      throw refusal;
    }
    try {
      return await this.#observe(work);
    } finally {
      this.#probing -= 1; // also for a cancelled probe, which must not wedge the breaker
    }
  }

  async #observe<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#state === 'half-open' && ++this.#successes >= this.#probes) this.#close();
      return result;
    } catch (error) {
      if (this.#isFailure(error)) this.#recordFailure();
      throw error;
    }
  }

  #admitProbe(): CircuitOpenError | undefined {
    const remaining = this.#openedAt + this.#pauseMs - this.#clock.now();
    if (this.#state === 'open') {
      if (remaining > 0) return new CircuitOpenError(this.#service, remaining);
      this.#successes = 0;
      this.#change('half-open');
    }
    if (this.#probing >= this.#probes) return new CircuitOpenError(this.#service, 0);
    this.#probing += 1;
    return undefined;
  }

  #recordFailure(): void {
    const now = this.#clock.now();
    this.#failures = this.#failures.filter((at) => at > now - this.#windowMs);
    this.#failures.push(now);
    if (this.#state === 'half-open') this.#pauseMs = Math.min(2 * this.#pauseMs, this.#openMs);
    if (this.#state === 'half-open' || (this.#state === 'closed' && this.#failures.length >= this.#failureThreshold)) {
      this.#openedAt = now;
      this.#change('open');
    }
  }

  #close(): void {
    this.#failures = [];
    this.#pauseMs = this.#firstOpenMs;
    this.#change('closed');
  }

  #change(state: CircuitState): void {
    this.#state = state;
    this.#onChange(state);
  }
}
