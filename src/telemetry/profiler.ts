/** A stopwatch for a stretch of code. */
export class Profiler {
  #startedAt = performance.now();

  /** Sets the stopwatch to zero. */
  start(): void {
    this.#startedAt = performance.now();
  }

  /** Milliseconds since `start()` or construction; looking does not reset it. */
  elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  /** `Step 1: 12.34 ms`. */
  report(message: string): string {
    return `${message}: ${this.elapsed().toFixed(2)} ms`;
  }
}
