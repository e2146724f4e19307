/** Runs tasks one after another in the order they came. */
export class SerialQueue {
  /** Resolves when the newest task has ended; `undefined` while there is none. */
  #tail: Promise<void> | undefined;

  run<T>(task: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let end = (): void => {};
    // The queue counts as taken before the task starts, so that what the task calls at once cannot overtake it.
    const tail = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#tail = tail;
    const result = before === undefined ? task() : before.then(task);
    const leave = (): void => {
      if (this.#tail === tail) this.#tail = undefined;
      end();
    };
    result.then(leave, leave);
    return result;
  }

  /** Waits for a turn and keeps it. @returns what ends it. */
  hold(): Promise<() => void> {
    return new Promise((resolve) => {
      void this.run(() => new Promise<void>(resolve));
    });
  }

  /** Resolves when everything queued so far has ended. */
  async idle(): Promise<void> {
    while (this.#tail !== undefined) await this.#tail;
  }
}
