import { expect, it } from 'vitest';
import { CircuitOpenError, ConnectionError, ConstraintError } from '../../../src/base/errors.js';
import type { Connection, DirectStatements, Driver } from '../../../src/orm/dialect/driver.js';
import type { CoreOptions } from '../../../src/orm/session/core-options.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { sqliteDialect } from '../../../src/orm/sqlite/dialect.js';

const broken = () => new ConnectionError('broken', { cause: Object.assign(new Error('io'), { code: 'SQLITE_IOERR' }) });

/** A database that notes which way each statement took; directly, it answers what the test says. */
function fresh(answer: () => number | undefined, options: CoreOptions = {}) {
  const ways: string[] = [];
  const connection: Connection = {
    all: async () => [],
    objects: async () => [],
    async *cursor() {},
    run: async () => ways.push('borrowed'),
    begin: async () => {},
    commit: async () => {},
    rollback: async () => {},
  };
  const direct: DirectStatements = {
    all: () => [],
    run: () => {
      ways.push('direct');
      return answer();
    },
  };
  const driver: Driver = {
    stats: () => ({ size: 1, idle: 1, inUse: 0, waiting: 0 }),
    purposeOf: () => 'write',
    acquire: () => connection,
    direct: () => direct,
    release: () => {},
    cancel: async () => {},
    close: async () => {},
  };
  return { core: new DatabaseCore({ dialect: sqliteDialect, driver, volatile: true }, options), ways };
}

it('runs a statement directly, and counts it', async () => {
  const { core, ways } = fresh(() => 7);
  expect(await core.run('UPDATE x', [])).toBe(7);
  expect(ways).toEqual(['direct']);
  expect(core.stats().statements).toBe(1);
});

it('has run it when the call returns', () => {
  const { core, ways } = fresh(() => 7);
  void core.run('UPDATE x', []);
  expect(ways).toEqual(['direct']);
});

it('borrows a connection where another process stands in the way, and tells and counts the statement once', async () => {
  const { core, ways } = fresh(() => undefined);
  const told: string[] = [];
  core.watch.onQuery.add(({ sql }) => told.push(sql));
  await core.run('UPDATE x', []);
  expect(ways).toEqual(['direct', 'borrowed']);
  expect(told).toEqual(['UPDATE x']);
  expect(core.stats().statements).toBe(1);
});

it('borrows one where a signal may end the statement, and where a tracer follows it', async () => {
  const { core, ways } = fresh(() => 7);
  await core.run('UPDATE x', [], new AbortController().signal);
  const span = { setAttribute: () => {}, setStatus: () => {}, end: () => {} };
  const traced = fresh(() => 7, {
    tracer: { startSpan: () => span, startActiveSpan: (_name, _options, fn) => fn(span) as never },
  });
  await traced.core.run('UPDATE x', []);
  expect([...ways, ...traced.ways]).toEqual(['borrowed', 'borrowed']);
});

it('rejects with its fault, which it neither tries again nor borrows for', async () => {
  const fault = new ConstraintError({ kind: 'unique', table: 'x' }, 'there is one');
  const { core, ways } = fresh(() => {
    throw fault;
  });
  const told: unknown[] = [];
  core.watch.onQuery.add(({ error }) => told.push(error));
  await expect(core.run('UPDATE x', [])).rejects.toBe(fault);
  expect(ways).toEqual(['direct']);
  expect(told).toEqual([fault]);
  expect(core.stats().statements).toBe(1);
});

it('opens the circuit after five outages, and runs nothing directly until it has closed', async () => {
  const { core, ways } = fresh(() => {
    throw broken();
  });
  for (let outage = 0; outage < 5; outage++) await expect(core.run('UPDATE x', [])).rejects.toThrow('broken');
  expect(core.circuitState).toBe('open');
  await expect(core.run('UPDATE x', [])).rejects.toThrow(CircuitOpenError);
  expect(ways).toHaveLength(5);
});

it('tells of slow statements', async () => {
  const { core } = fresh(() => 7, { slowQueryMs: Number.MIN_VALUE });
  const slow: Array<number | undefined> = [];
  core.watch.onSlow.add(({ rows }) => slow.push(rows));
  await core.run('UPDATE x', []);
  expect(slow).toEqual([7]);
  expect(core.stats().slow).toBe(1);
});
