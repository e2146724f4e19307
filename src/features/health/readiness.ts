import type { Clock } from '../../base/clock.js';
import { systemClock } from '../../base/clock.js';
import { redactText } from '../../telemetry/redaction.js';

/** Answers whether something the service needs is there, and a word about it. */
export type HealthCheckFn = () => HealthCheckResult | Promise<HealthCheckResult>;
export type HealthCheckResult = readonly [passed: boolean, message: string];
/** A check, or one with a name of its own. */
export type HealthCheck = HealthCheckFn | readonly [name: string, check: HealthCheckFn];

export interface ReadinessOptions {
  checks?: readonly HealthCheck[];
  /** Longest a single check may take; default 5 s. */
  timeoutMs?: number;
  /** How long an answer is reused, so that many probes cost one round of checks; default 1 s. */
  cacheMs?: number;
  clock?: Clock;
}

export interface CheckOutcome {
  healthy: boolean;
  message: string;
}

export interface ReadinessReport {
  status: 'healthy' | 'unhealthy';
  checks: Record<string, CheckOutcome | string>;
}

const NO_CHECKS: ReadinessReport = { status: 'healthy', checks: { note: 'no health checks configured' } };
const DRAINING: ReadinessReport = {
  status: 'unhealthy',
  checks: { service: { healthy: false, message: 'shutting down' } },
};

/** Knows whether the service may get traffic: every check passes, and it is not shutting down. */
export class Readiness {
  readonly #checks: Array<{ name: string; check: HealthCheckFn }>;
  readonly #timeoutMs: number;
  readonly #cacheMs: number;
  readonly #clock: Clock;
  #draining = false;
  #running: Promise<ReadinessReport> | undefined;
  #cached: { report: ReadinessReport; until: number } | undefined;

  constructor(options: ReadinessOptions = {}) {
    this.#checks = (options.checks ?? []).map(named);
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#cacheMs = options.cacheMs ?? 1000;
    this.#clock = options.clock ?? systemClock;
  }

  /** Adds a check, as rooms do that need a server of their own. */
  add(name: string, check: HealthCheckFn): void {
    this.#checks.push({ name, check });
    this.#cached = undefined;
  }

  /** From now on not ready, whatever the checks say: load balancers look elsewhere before connections end. */
  drain(): void {
    this.#draining = true;
  }

  /** Runs every check at once; callers that come meanwhile share the answer. */
  async report(): Promise<ReadinessReport> {
    if (this.#draining) return DRAINING;
    if (this.#checks.length === 0) return NO_CHECKS;
    if (this.#cached && this.#cached.until > this.#clock.now()) return this.#cached.report;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    const report = await this.#running;
    return this.#draining ? DRAINING : report;
  }

  async #run(): Promise<ReadinessReport> {
    const outcomes = await Promise.all(this.#checks.map(({ check }) => runCheck(check, this.#timeoutMs)));
    const checks = Object.fromEntries(this.#checks.map(({ name }, index) => [name, outcomes[index] as CheckOutcome]));
    const report: ReadinessReport = {
      status: outcomes.every((outcome) => outcome.healthy) ? 'healthy' : 'unhealthy',
      checks,
    };
    this.#cached = { report, until: this.#clock.now() + this.#cacheMs };
    return report;
  }
}

function named(check: HealthCheck, index: number): { name: string; check: HealthCheckFn } {
  if (typeof check !== 'function') return { name: check[0], check: check[1] };
  return { name: check.name || `check_${index}`, check };
}

async function runCheck(check: HealthCheckFn, timeoutMs: number): Promise<CheckOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const [passed, message] = await Promise.race([check(), timeout]);
    return { healthy: passed === true, message: publicWords(message) };
  } catch (error) {
    return { healthy: false, message: publicWords(`check failed: ${error instanceof Error ? error.message : error}`) };
  } finally {
    clearTimeout(timer);
  }
}

const MAX_MESSAGE_LENGTH = 200;

/** Probes are public: no credentials, of a connection URL or otherwise, and nothing endless. */
function publicWords(message: unknown): string {
  return redactText(String(message))
    .replace(/:\/\/[^\s/?#]*@/g, '://***@')
    .slice(0, MAX_MESSAGE_LENGTH);
}
