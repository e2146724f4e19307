import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/orm/dialect/driver.js';
import { ConnectionPool } from '../../../src/orm/pool/connection-pool.js';
import { Pace } from '../../../src/orm/pool/pace.js';
import type { PooledConnection } from '../../../src/orm/pool/pooled-connection.js';

const SHORT = 'SELECT 1';
const LONG = 'SELECT * FROM everything';

class FakeConnection implements PooledConnection {
  readonly broken = false;
  readonly patient = false;
  readonly lastSql = '';
  busySince: number | undefined;
  async all(): Promise<never[]> {
    return [];
  }
  async objects(): Promise<never[]> {
    return [];
  }
  async *cursor(): AsyncGenerator<never[], void> {}
  async run(): Promise<number> {
    return 0;
  }
  async begin(): Promise<void> {}
  async commit(): Promise<void> {}
  async rollback(): Promise<void> {}
  async cancel(): Promise<void> {}
  async close(): Promise<void> {}
  onBreak(): void {}
  destroy(): void {}
}

describe('a pool', () => {
  let pool: ConnectionPool;
  let opened: number;

  function poolOf(size: number): ConnectionPool {
    const pace = new Pace();
    pace.note(SHORT, 0.1, true);
    pace.note(LONG, 100, true);
    opened = 1;
    const open = async (): Promise<FakeConnection> => {
      opened += 1;
      return new FakeConnection();
    };
    return new ConnectionPool(open, new FakeConnection(), {
      size,
      pace,
      statementTimeoutMs: 0,
      idleTimeoutMs: 60_000,
      closeTimeoutMs: 10,
      purposeOf: () => 'read',
    });
  }

  const ask = (purpose: 'read' | 'write', statement?: string): Connection | Promise<Connection> =>
    pool.acquire(purpose, { timeoutMs: 5_000, ...(statement && { statement }) });

  beforeEach(() => {
    pool = poolOf(1);
  });
  afterEach(() => pool.close());

  it('lets short statements of one kind share a connection, and no others', async () => {
    const shared = ask('read', SHORT);
    expect(ask('read', SHORT)).toBe(shared);
    for (const other of [ask('write', SHORT), ask('read', LONG), ask('write')]) {
      expect(other).toBeInstanceOf(Promise);
      (other as Promise<Connection>).catch(() => {});
    }
    expect(pool.stats()).toEqual({ size: 1, idle: 0, inUse: 1, waiting: 3 });
  });

  it('lets nobody join a lane before one who waits for a connection of his own', async () => {
    const shared = ask('read', SHORT) as Connection;
    void ask('read', SHORT);
    const order: string[] = [];
    const own = Promise.resolve(ask('write')).then((connection) => {
      order.push('own');
      pool.release(connection);
    });
    const late = Promise.resolve(ask('read', SHORT)).then((connection) => {
      order.push('late');
      pool.release(connection);
    });
    pool.release(shared);
    pool.release(shared);
    await Promise.all([own, late]);
    expect(order).toEqual(['own', 'late']);
  });

  it('takes another connection rather than crowd one, until there is no other', async () => {
    pool = poolOf(2);
    const users = await Promise.all(Array.from({ length: 20 }, () => ask('read', SHORT)));
    expect([new Set(users).size, opened]).toEqual([2, 2]);
    const ofEach = [...new Set(users)].map((connection) => users.filter((user) => user === connection).length);
    expect(Math.abs((ofEach[0] ?? 0) - (ofEach[1] ?? 0))).toBeLessThan(2);
  });

  it('sends nothing behind a statement that the server has been at for long', () => {
    const shared = ask('read', SHORT) as FakeConnection;
    shared.busySince = performance.now() - 1_000;
    const other = ask('read', SHORT);
    expect(other).toBeInstanceOf(Promise);
    (other as Promise<Connection>).catch(() => {});
  });
});
