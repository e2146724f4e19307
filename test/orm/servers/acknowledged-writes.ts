import { type Database, dbContext, KernelError } from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';

/** What came of the writes that the database has acknowledged. */
export interface WriteFigures {
  acknowledged: number;
  /** Neither acknowledged nor refused for sure: the answer was lost. */
  unknown: number;
  missing: number;
  versionGaps: number;
  /** Increments that took effect more often than they were asked for. */
  doubled: number;
}

const ROWS_OF_WRITER = 5;

/** Writers that go on whatever happens to the server, and remember what it has acknowledged. */
export class AcknowledgedWrites {
  /** By row: the values that it was given, with the versions that were answered. */
  readonly #saved = new Map<string, Map<number, number>>();
  #increments = 0;
  #unknown = 0;
  #isOver = false;
  #turn = 0;

  get count(): number {
    return this.#increments + [...this.#saved.values()].reduce((sum, values) => sum + values.size, 0);
  }

  /** Writes until `stop`; resolves when every writer has ended. Errors must be the ORM's own. */
  async run(db: Database, writers: number): Promise<void> {
    this.#isOver = false;
    await Promise.all(Array.from({ length: writers }, (_, writer) => this.#write(db, writer)));
  }

  stop(): void {
    this.#isOver = true;
  }

  async #write(db: Database, writer: number): Promise<void> {
    while (!this.#isOver) {
      const value = ++this.#turn;
      try {
        if (value % 4 === 0) await this.#increment(db);
        else await this.#save(db, `row ${writer} ${value % ROWS_OF_WRITER}`, value);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        if (error.code === 'E_CONNECTION') this.#unknown += 1;
        await new Promise(setImmediate);
      }
    }
  }

  async #save(db: Database, id: string, value: number): Promise<void> {
    const { version } = await Counter.save({ id, name: 'load', value }, { db });
    const known = this.#saved.get(id) ?? new Map<number, number>();
    this.#saved.set(id, known.set(value, version));
  }

  async #increment(db: Database): Promise<void> {
    await dbContext(
      async () => {
        const { value } = await Counter.getOrThrow('sum', { db });
        await Counter.update('sum', { value: value + 1 }, { db });
      },
      { db },
    );
    this.#increments += 1;
  }

  /** Looks, when everything is over, for what was acknowledged. */
  async figures(db: Database): Promise<WriteFigures> {
    let [missing, versionGaps] = [0, 0];
    for (const id of [...this.#saved.keys(), 'sum']) {
      const row = await Counter.getOrThrow(id, { db });
      const versions = await Counter.history(id, { db });
      if (versions.some(({ version }, index) => version !== row.version - index) || versions.length !== row.version)
        versionGaps += 1;
      for (const [value, version] of this.#saved.get(id) ?? [])
        if (versions.at(-version)?.value !== value) missing += 1;
    }
    const { value: sum } = await Counter.getOrThrow('sum', { db });
    missing += Math.max(0, this.#increments - sum);
    const doubled = Math.max(0, sum - this.#increments - this.#unknown);
    return { acknowledged: this.count, unknown: this.#unknown, missing, versionGaps, doubled };
  }
}

/** The row that every writer increments. */
export async function prepareWrites(db: Database): Promise<void> {
  await db.migrate();
  await Counter.save({ id: 'sum', name: 'sum', value: 0 }, { db });
}
