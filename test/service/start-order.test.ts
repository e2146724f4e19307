import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getJobClient, getLogger, getRedis } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, describe, expect, it } from 'vitest';
import { newKernel, releaseKernels } from './setup/fresh-kernel.js';
import { freshFolder, freshOptions, freshService, sqliteUrl } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';

@Entity({ table: 'start_order_plans' })
class Plan extends Model {
  @Field({ type: 'string', nullable: false }) slug!: string;
  @Field({ type: 'integer', default: 0 }) price!: number;
}

afterEach(releaseKernels);

describe('a start', () => {
  it('happens once, however often and at once ready() is called', async () => {
    const events: string[] = [];
    const service = freshService({ onStartup: () => void events.push('startup') });

    await Promise.all([service.ready(), service.ready(), service.ready()]);
    await service.ready();
    const server = await service.listen(0, '127.0.0.1');

    expect(events).toEqual(['startup']);
    expect(server.listening).toBe(true);
  });

  it('migrates, then runs schemaInit, dbSeed and onStartup, and only then takes jobs', async () => {
    const folder = freshFolder();
    const events: string[] = [];
    const options = freshOptions({ rootDir: folder, entities: [Plan] });
    const service = freshService({
      ...options,
      tasks: { note: () => void events.push('job') },
      schemaInit: async (db) => {
        await db.execute('CREATE TABLE IF NOT EXISTS extra (id INTEGER)');
        events.push(`schemaInit after ${(await Plan.count()) === 0 ? 'migration' : 'nothing'}`);
      },
      dbSeed: async (db) => {
        await db.execute('INSERT INTO extra (id) VALUES (1)');
        await Plan.save({ slug: 'pro', price: 1999 }, { matchBy: 'slug' });
        events.push('dbSeed');
      },
      onStartup: async () => {
        await getJobClient().enqueue('note', {});
        await new Promise((resolve) => setTimeout(resolve, 300));
        events.push(`onStartup with ${await Plan.count()} plan`);
      },
      onShutdown: () => void events.push('onShutdown'),
    });

    await service.ready();
    await eventually(() => events.includes('job'), 'the job');
    await service.close();

    expect(events).toEqual(['schemaInit after migration', 'dbSeed', 'onStartup with 1 plan', 'job', 'onShutdown']);
  });

  it('seeds again at every start without doubling what matchBy finds', async () => {
    const folder = freshFolder();
    const seed = async () => {
      await Plan.save({ slug: 'pro', price: 1999 }, { matchBy: ['slug'] });
    };
    const counts: number[] = [];
    for (let start = 0; start < 3; start++) {
      const service = freshService({ rootDir: folder, entities: [Plan], dbSeed: seed });
      await service.ready();
      counts.push(await Plan.count());
      await service.close();
    }

    expect(counts).toEqual([1, 1, 1]);
  });

  it('keeps the data of the last one', async () => {
    const options = freshOptions({ entities: [Plan] });
    const first = freshService(options);
    await first.ready();
    const { id } = await Plan.save({ slug: 'kept', price: 1 });
    await first.close();

    const second = freshService(options);
    await second.ready();

    expect(await Plan.get(id)).toMatchObject({ slug: 'kept', price: 1, version: 1 });
  });

  it('refuses requests before it has happened', async () => {
    const service = freshService();
    const early = await service.inject('/healthz').catch((error: unknown) => error);
    // Either inject starts the service by itself, or it answers 503: never a crash or a half-started answer.
    expect(early).toBeInstanceOf(Response);
    expect([200, 503]).toContain((early as Response).status);
  });
});

describe('a start that fails', () => {
  it('says what failed', async () => {
    const service = freshService({
      dbSeed: () => {
        throw new Error('the seed is bad');
      },
    });

    await expect(service.ready()).rejects.toThrow(/the seed is bad/);
  });

  it('can be tried again once the cause is gone', async () => {
    let broken = true;
    const service = freshService({
      onStartup: () => {
        if (broken) throw new Error('not yet');
      },
    });
    await expect(service.ready()).rejects.toThrow(/not yet/);
    broken = false;

    await service.ready();

    expect((await service.inject('/readyz')).status).toBe(200);
  });

  it('does not listen', async () => {
    const service = freshService({
      onStartup: () => {
        throw new Error('no');
      },
    });

    await expect(service.listen(0, '127.0.0.1')).rejects.toThrow(/no/);
  });

  it('releases what it had acquired', async () => {
    const folder = freshFolder();
    const service = freshService({
      rootDir: folder,
      onStartup: () => {
        throw new Error('too late');
      },
    });
    await expect(service.ready()).rejects.toThrow();

    // SQLite removes the write-ahead log when the last connection is closed.
    expect(existsSync(`${sqliteUrl(folder).replace('sqlite:///', '')}-wal`)).toBe(false);
    expect(getRedis() === null).toBe(true);
    expect(() => getLogger()).not.toThrow();
  });

  it('names the server that cannot be reached, without its password', async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'a-file'), '');
    const service = freshService({ databaseUrl: sqliteUrl(folder, 'a-file/app.db') });
    await expect(service.ready()).rejects.toThrow(/a-file/);

    const { kernel } = newKernel({ redis: { url: 'redis://user:hunter2@127.0.0.1:1' } }, { environment: 'prod' });
    const error = await kernel.ready().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/127\.0\.0\.1:1/);
    expect(String(error)).not.toContain('hunter2');
  });
});
