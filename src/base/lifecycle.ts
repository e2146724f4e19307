/** Undoes one acquisition. */
export type Disposer = () => void | Promise<void>;

/**
 * Everything acquired pushes its disposer; `close` pops them in reverse, also after a failed start.
 * A disposer that throws does not keep the others from running; the faults come together at the end.
 */
export class Lifecycle {
  readonly #disposers: Array<{ name: string; dispose: Disposer }> = [];
  #closing: Promise<void> | undefined;

  push(name: string, dispose: Disposer): void {
    this.#disposers.push({ name, dispose });
  }

  /** Idempotent: a second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#popAll().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #popAll(): Promise<void> {
    const faults: Error[] = [];
    for (let entry = this.#disposers.pop(); entry; entry = this.#disposers.pop()) {
      try {
        await entry.dispose();
      } catch (error) {
        faults.push(new Error(`Closing ${entry.name} failed`, { cause: error }));
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, faults.map((fault) => fault.message).join('; '));
  }
}
