import { type Clock, systemClock } from '../../base/clock.js';
import { TaskCancelled } from '../tasks/index.js';

/** One test of a report, as the wire has it. */
export interface TestResult {
  test: string;
  /** `null` for one that was skipped. */
  success: boolean | null;
  skipped?: true;
  /** Seconds. */
  duration: number;
  details: Readonly<Record<string, unknown>>;
  timestamp: string;
}

export interface TestFault {
  test: string;
  error: string;
  timestamp: string;
}

/** What `toDict` answers: JSON in the wire's spelling. */
export interface TestReportDict {
  summary: {
    total_tests: number;
    passed: number;
    failed: number;
    skipped: number;
    /** Of those that were not skipped: `50.0%`. */
    success_rate: string;
    /** `1.23s`. */
    total_duration: string;
    failed_tests?: Array<{ test: string; error: string }>;
  };
  results: readonly TestResult[];
  errors: readonly TestFault[];
}

/** What self-tests have found. */
export class TestReport {
  readonly results: TestResult[] = [];
  readonly errors: TestFault[] = [];
  readonly #clock: Clock;
  readonly #startedAt: number;
  #lastAt: number;

  constructor({ clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#lastAt = this.#startedAt;
  }

  /**
   * Notes how a test ended. It took the time since the one before it, unless `duration` (s) says otherwise;
   * `details.error` or `details.reason` is why it failed.
   */
  addResult(
    test: string,
    success: boolean,
    { duration, ...details }: { duration?: number } & Record<string, unknown> = {},
  ): void {
    this.#add(test, { success: Boolean(success), duration: duration ?? this.#sinceLast(), details });
  }

  /** Notes a test that failed with an error. */
  addError(test: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.errors.push({ test, error: message, timestamp: this.#timestamp() });
    this.addResult(test, false, { error: message });
  }

  /** Notes a test that could not be run here. */
  addSkip(test: string, reason: string): void {
    this.#add(test, { success: null, skipped: true, duration: 0, details: { reason } });
  }

  /** Runs a test: it fails by throwing, or by answering false. @returns whether it passed */
  async run(test: string, work: () => unknown): Promise<boolean> {
    this.#lastAt = this.#clock.now();
    try {
      const answer = await work();
      this.addResult(test, answer !== false);
      return answer !== false;
    } catch (error) {
      if (error instanceof TaskCancelled) throw error;
      this.addError(test, error);
      return false;
    }
  }

  /** True when tests were run and none failed. */
  get allPassed(): boolean {
    return this.#count(true) > 0 && this.#count(false) === 0;
  }

  toDict(): TestReportDict {
    const failed = this.#failures();
    return {
      summary: {
        total_tests: this.results.length,
        passed: this.#count(true),
        failed: this.#count(false),
        skipped: this.#count(null),
        success_rate: this.#rate(),
        total_duration: this.#duration(),
        ...(failed.length > 0 && { failed_tests: failed }),
      },
      results: this.results,
      errors: this.errors,
    };
  }

  /** `Tests: 3 | Passed: 2 | …`, and a line for each test that failed. */
  summaryLine(): string {
    const counts = `Tests: ${this.results.length} | Passed: ${this.#count(true)} | Failed: ${this.#count(false)} | Skipped: ${this.#count(null)}`;
    const failures = this.#failures().map(({ test, error }) => `\n  ✗ ${test}: ${error}`);
    return `${counts} | Rate: ${this.#rate()} | Duration: ${this.#duration()}${failures.join('')}`;
  }

  #add(test: string, result: Omit<TestResult, 'test' | 'timestamp'>): void {
    this.results.push({ test, ...result, timestamp: this.#timestamp() });
    this.#lastAt = this.#clock.now();
  }

  #failures(): Array<{ test: string; error: string }> {
    return this.results
      .filter(({ success }) => success === false)
      .map(({ test, details }) => ({ test, error: String(details.error ?? details.reason ?? 'failed') }));
  }

  #count(success: boolean | null): number {
    return this.results.filter((result) => result.success === success).length;
  }

  #rate(): string {
    const passed = this.#count(true);
    const counted = passed + this.#count(false);
    return `${(counted === 0 ? 0 : (passed / counted) * 100).toFixed(1)}%`;
  }

  #duration(): string {
    return `${((this.#clock.now() - this.#startedAt) / 1_000).toFixed(2)}s`;
  }

  #sinceLast(): number {
    return (this.#clock.now() - this.#lastAt) / 1_000;
  }

  #timestamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
