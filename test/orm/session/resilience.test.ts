import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import { CircuitOpenError, ConnectionError } from '../../../src/base/errors.js';
import type { Engine } from '../../../src/orm/dialect/dialect.js';
import type { Connection, Driver } from '../../../src/orm/dialect/driver.js';
import { DatabaseCore } from '../../../src/orm/session/database-core.js';
import { sqliteDialect } from '../../../src/orm/sqlite/dialect.js';

type Verb = 'all' | 'begin' | 'run' | 'commit' | 'rollback';

const busy = () => new ConnectionError('busy', { cause: Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' }) });
const broken = () => new ConnectionError('broken', { cause: Object.assign(new Error('io'), { code: 'SQLITE_IOERR' }) });

/** A database whose connection notes what it is asked, and fails where the test says so. */
function faulty(failAt: (verb: Verb, calls: readonly string[]) => Error | undefined) {
  const calls: string[] = [];
  const released: boolean[] = [];
  const answer = async (verb: Verb): Promise<void> => {
    calls.push(verb);
    const fault = failAt(verb, calls);
    if (fault) throw fault;
  };
  const connection: Connection = {
    all: async () => {
      await answer('all');
      return [];
    },
    objects: async () => [],
    async *cursor() {},
    run: async () => {
      await answer('run');
      return 1;
    },
    begin: () => answer('begin'),
    commit: () => answer('commit'),
    rollback: () => answer('rollback'),
  };
  const driver: Driver = {
    stats: () => ({ size: 1, idle: 1, inUse: 0, waiting: 0 }),
    purposeOf: () => 'read',
    acquire: () => connection,
    release: (_connection, isBroken = false) => void released.push(isBroken),
    cancel: async () => {},
    close: async () => {},
  };
  const engine: Engine = { dialect: sqliteDialect, driver, volatile: true };
  const clock = new FakeClock();
  return { core: new DatabaseCore(engine, { clock }), calls, released, clock };
}

/** One writing statement in a transaction. */
const write = (core: DatabaseCore): Promise<number> => core.unit((scope) => scope.run('UPDATE x', []));

const times = (calls: readonly string[], verb: Verb): number => calls.filter((call) => call === verb).length;

describe('a unit of work', () => {
  it('runs again as a whole after a transient fault, three times at most', async () => {
    const { core, calls, released } = faulty((verb, seen) =>
      verb === 'run' && times(seen, 'run') < 3 ? busy() : undefined,
    );
    let runs = 0;
    await core.unit(async (scope) => {
      runs += 1;
      await scope.run('UPDATE x', []);
    });
    expect(runs).toBe(3);
    expect(calls).toEqual(['begin', 'run', 'rollback', 'begin', 'run', 'rollback', 'begin', 'run', 'commit']);
    expect(released).toEqual([false, false, false]);
    const hopeless = faulty((verb) => (verb === 'run' ? busy() : undefined));
    await expect(write(hopeless.core)).rejects.toThrow('busy');
    expect(times(hopeless.calls, 'begin')).toBe(3);
  });

  it('never runs one statement again inside its transaction', async () => {
    const { core, calls } = faulty((verb, seen) => (verb === 'run' && times(seen, 'run') === 1 ? busy() : undefined));
    await core.unit(async (scope) => {
      await scope.run('UPDATE x', []);
      await scope.run('UPDATE y', []);
    });
    expect(calls).toEqual(['begin', 'run', 'rollback', 'begin', 'run', 'run', 'commit']);
  });

  it('does not run again when its COMMIT failed, which may have taken effect', async () => {
    const { core, calls } = faulty((verb) => (verb === 'commit' ? busy() : undefined));
    await expect(write(core)).rejects.toThrow('busy');
    expect(times(calls, 'begin')).toBe(1);
  });

  it('tells a nested unit that it was undone, also where only its end failed', async () => {
    const { core } = faulty((verb, seen) =>
      verb === 'run' && times(seen, 'run') === 3 ? new Error('lost') : undefined,
    );
    const told: string[] = [];
    const outer = core.unit((scope) =>
      scope.unit(async (inner) => {
        inner.afterRollback(() => void told.push('undone'));
        inner.afterCommit(() => void told.push('done'));
        await inner.run('UPDATE x', []);
      }),
    );
    await expect(outer).rejects.toThrow('lost');
    expect(told).toEqual(['undone']);
  });

  it("does not run again for the caller's own faults", async () => {
    const { core, calls } = faulty(() => undefined);
    const failed = core.unit(async (scope) => {
      await scope.run('UPDATE x', []);
      throw new Error('mine');
    });
    await expect(failed).rejects.toThrow('mine');
    expect(calls).toEqual(['begin', 'run', 'rollback']);
  });

  it('gives a connection back as broken when it cannot even roll back', async () => {
    const { core, released } = faulty((verb) => (verb === 'run' || verb === 'rollback' ? broken() : undefined));
    await expect(write(core)).rejects.toThrow('broken');
    expect(released).toEqual([true]);
  });
});

describe('a statement that is a transaction by itself', () => {
  it('runs again after a transient fault, three times at most', async () => {
    const { core, calls } = faulty((verb) => (verb === 'run' ? busy() : undefined));
    await expect(core.run('UPDATE x', [])).rejects.toThrow('busy');
    expect(calls).toEqual(['run', 'run', 'run']);
  });

  it('does not run again when the connection broke, which may have been after its commit', async () => {
    const { core, calls } = faulty((verb) => (verb === 'run' ? broken() : undefined));
    await expect(core.run('UPDATE x', [])).rejects.toThrow('broken');
    expect(calls).toEqual(['run']);
  });
});

describe('the circuit breaker', () => {
  it('opens after five outages, refuses calls, probes after a pause and closes again', async () => {
    let down = true;
    const { core, calls, clock } = faulty((verb) => (down && verb === 'run' ? broken() : undefined));
    for (let outage = 0; outage < 5; outage++) await expect(core.run('UPDATE x', [])).rejects.toThrow('broken');
    expect(core.circuitState).toBe('open');
    const before = calls.length;
    await expect(core.run('UPDATE x', [])).rejects.toThrow(CircuitOpenError);
    expect(calls).toHaveLength(before);
    down = false;
    clock.advance(30_001);
    for (let probe = 0; probe < 3; probe++) await core.run('UPDATE x', []);
    expect(core.circuitState).toBe('closed');
  });

  it('finds a server that was only restarted after a second, and leaves one that stays down alone for longer', async () => {
    let down = true;
    const { core, clock } = faulty((verb) => (down && verb === 'run' ? broken() : undefined));
    const attempt = (): Promise<number> => core.run('UPDATE x', []);
    for (let outage = 0; outage < 5; outage++) await expect(attempt()).rejects.toThrow('broken');
    clock.advance(1_000);
    await expect(attempt()).rejects.toThrow('broken');
    clock.advance(1_999);
    await expect(attempt()).rejects.toThrow(CircuitOpenError);
    down = false;
    clock.advance(1);
    for (let probe = 0; probe < 3; probe++) await attempt();
    expect(core.circuitState).toBe('closed');
  });

  it('takes what fails with one lost connection for one outage', async () => {
    const lost = broken();
    const { core } = faulty((verb) => (verb === 'all' ? lost : undefined));
    const reads = await Promise.allSettled(Array.from({ length: 10 }, () => core.all('SELECT 1', [])));
    expect(reads.filter(({ status }) => status === 'rejected')).toHaveLength(10);
    expect(core.circuitState).toBe('closed');
    const others = faulty((verb) => (verb === 'all' ? broken() : undefined));
    await Promise.allSettled(Array.from({ length: 10 }, () => others.core.all('SELECT 1', [])));
    expect(others.core.circuitState).toBe('open');
  });

  it('does not count faults of statements', async () => {
    const { core } = faulty(() => undefined);
    for (let i = 0; i < 10; i++) {
      await core.unit(() => Promise.reject(new Error('constraint'))).catch(() => {});
    }
    expect(core.circuitState).toBe('closed');
  });
});
