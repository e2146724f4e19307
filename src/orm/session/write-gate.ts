import { ConflictError, MaintenanceError } from '../../base/errors.js';

/** Lets writes in, until a restore is about to replace what they would write to. */
export class WriteGate {
  #closed = false;

  /** @throws MaintenanceError while a restore runs. */
  assertOpen(): void {
    if (this.#closed) throw new MaintenanceError('The database is being restored; try again shortly');
  }

  /** Refuses every write while `work` runs. @throws ConflictError while another restore runs. */
  async closedDuring<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new ConflictError('Another restore is running; wait until it has ended');
    this.#closed = true;
    try {
      return await work();
    } finally {
      this.#closed = false;
    }
  }
}
