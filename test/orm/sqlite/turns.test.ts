import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Database, dbContext, Entity, Field, Model } from '../../../src/orm/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

@Entity({ table: 'counters' })
class Counter extends Model {
  @Field({ type: 'string' }) name!: string;
}

const BUSY_MS = 200;
const COUNTER = { id: 'one', name: 'first' };

describe.each(SQL_BACKENDS.filter(({ engine }) => engine === 'sqlite'))('while $name works', (backend) => {
  let fresh: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    fresh = await backend.create();
    db = await connect(fresh.url, { entities: [Counter], dataDir: fresh.dataDir });
    await db.migrate();
    await Counter.save(COUNTER);
  });
  afterEach(async () => {
    await db.close();
    await fresh.drop();
  });

  /** How often the event loop turns while `work` is done time and again. */
  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const end = performance.now() + BUSY_MS;
    while (performance.now() < end) await work();
    isOver = true;
    return turns;
  }

  it('others get their turn between reads', async () => {
    expect(await turnsDuring(() => Counter.get('one'))).toBeGreaterThan(3);
  });

  it('others get their turn between writes', async () => {
    let count = 0;
    expect(await turnsDuring(() => Counter.save({ ...COUNTER, name: `${count++}` }))).toBeGreaterThan(3);
  });

  it('others get their turn between transactions', async () => {
    let count = 0;
    const transaction = (): Promise<unknown> => dbContext(() => Counter.save({ ...COUNTER, name: `${count++}` }));
    expect(await turnsDuring(transaction)).toBeGreaterThan(3);
  });

  it('others get their turn within a transaction', async () => {
    const turns = await dbContext(() => turnsDuring(() => Counter.get('one')));
    expect(turns).toBeGreaterThan(3);
  });

  it('others get their turn while many rows are written', async () => {
    const rows = Array.from({ length: 1_000 }, (_, index) => ({ name: `row ${index}` }));
    expect(await turnsDuring(() => Counter.saveMany(rows))).toBeGreaterThan(3);
  });
});
