import type { Logger } from '../../base/ports.js';

/** Takes one undo off the list: what it would have undone is there to stay. */
export interface CancelHandle {
  discard(): void;
}

/** The same for an undo that is a job. */
export interface KeptCancelHandle extends CancelHandle {
  /** Resolves once the undo is stored, so that it survives this process; rejects where it could not be. */
  kept: Promise<void>;
}

/** What a cancelled task has to undo, the last first. */
export class UndoList {
  readonly #logger: Logger;
  #undos: Array<{ name: string; run: () => unknown }> = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, run: () => unknown): CancelHandle {
    const undo = { name, run };
    this.#undos.push(undo);
    return {
      discard: () => {
        this.#undos = this.#undos.filter((other) => other !== undo);
      },
    };
  }

  clear(): void {
    this.#undos = [];
  }

  /** Runs all of them, each once; one that fails is logged and keeps none of the others from running. */
  async run(): Promise<void> {
    const undos = this.#undos.reverse();
    this.#undos = [];
    for (const { name, run } of undos) {
      try {
        await run();
      } catch (error) {
        this.#logger.error({ err: error, cleanup: name }, 'A cleanup of a cancelled task failed');
      }
    }
  }
}
