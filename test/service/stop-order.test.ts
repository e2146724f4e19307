import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectTo } from 'node:net';
import { inspect } from 'node:util';
import { createRouter, getJobClient, getRedis } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, describe, expect, it } from 'vitest';
import { freshService, releaseServices, startedService } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';
import { KeptLog } from './setup/kept-log.js';

@Entity({ table: 'stop_order_notes' })
class Note extends Model {
  @Field({ type: 'string' }) text!: string;
}

afterEach(releaseServices);

/** A promise and its key. */
function gate(): { wait: Promise<void>; open: () => void } {
  let open = (): void => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

describe('close()', () => {
  it('is the end: nothing can be started again, so nothing stays open', async () => {
    const started = await startedService({ entities: [Note] });
    await started.close();
    await expect(started.ready()).rejects.toMatchObject({ code: 'E_NOT_STARTED' });
    const never = freshService({ entities: [Note] });
    await never.close();
    await expect(never.ready()).rejects.toMatchObject({ code: 'E_NOT_STARTED' });
    await expect(never.listen(0)).rejects.toMatchObject({ code: 'E_NOT_STARTED' });
  });

  it('lets the open request finish, then the running job, then onShutdown, while the database still serves', async () => {
    const events: string[] = [];
    const request = gate();
    const job = gate();
    const router = createRouter();
    router.get('/slow', {}, async () => {
      events.push('request began');
      await request.wait;
      events.push(`request saw ${await Note.count()}`);
      return { done: true };
    });
    const service = await startedService({
      entities: [Note],
      routers: [router],
      tasks: {
        slow: async () => {
          events.push('job began');
          await job.wait;
          await Note.save({ text: 'written while stopping' });
          events.push('job done');
        },
      },
      onShutdown: async () => void events.push(`onShutdown saw ${await Note.count()}, redis ${getRedis() !== null}`),
    });
    await service.listen(0, '127.0.0.1');
    const answer = fetch(`http://127.0.0.1:${service.port}/api/v1/slow`);
    await eventually(() => events.includes('request began'), 'the request');
    await getJobClient().enqueue('slow', {});
    await eventually(() => events.includes('job began'), 'the job');

    const closing = service.close();
    setTimeout(request.open, 50);
    setTimeout(job.open, 150);
    await closing;

    expect((await answer).status).toBe(200);
    expect(events).toEqual(['request began', 'job began', 'request saw 0', 'job done', 'onShutdown saw 1, redis true']);
  });

  it('lowers readiness before anything else', async () => {
    const request = gate();
    const began = gate();
    const router = createRouter();
    router.get('/slow', {}, async () => {
      began.open();
      await request.wait;
      return {};
    });
    const service = await startedService({ routers: [router] });
    await service.listen(0, '127.0.0.1');
    const base = `http://127.0.0.1:${service.port}`;
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    const answer = fetch(`${base}/api/v1/slow`);
    await began.wait;

    const closing = service.close();
    const readiness = await service.inject('/readyz');
    request.open();
    await closing;

    expect(readiness.status).toBe(503);
    expect((await answer).status).toBe(200);
  });

  it('leaves database and Redis to onShutdown by way of the kernel, too', async () => {
    const answers: unknown[] = [];
    const service = await startedService({
      onShutdown: async () => {
        const { database, redis } = service.kernel;
        answers.push(await database.query('SELECT 1 AS one'), await redis.client.ping());
      },
    });

    await service.close();

    expect(answers).toEqual([[{ one: 1 }], 'PONG']);
  });

  it('leaves a service that answers 503 and nothing else', async () => {
    const service = await startedService();
    await service.close();

    const answer = await service.inject('/api').catch((error: unknown) => error);

    expect(answer).toBeInstanceOf(Response);
    expect((answer as Response).status).toBe(503);
  });

  it('may be called twice, before a start, and after a failed one', async () => {
    const never = freshService();
    await never.close();
    await never.close();
    const failed = freshService({
      onStartup: () => {
        throw new Error('no');
      },
    });
    await expect(failed.ready()).rejects.toThrow();
    await failed.close();
    const service = await startedService();
    await Promise.all([service.close(), service.close()]);
  });

  it('frees the port and ends idle keep-alive connections at once', async () => {
    const service = await startedService();
    await service.listen(0, '127.0.0.1');
    const { port } = service;
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();

    const startedAt = Date.now();
    await service.close();

    expect(Date.now() - startedAt).toBeLessThan(3000);
    const successor = createServer();
    await new Promise<void>((resolve, reject) => {
      successor.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    successor.close();
  });

  it('does not wait for a connection that has never said anything', async () => {
    const service = await startedService({ shutdownTimeoutMs: 14_000 });
    await service.listen(0, '127.0.0.1');
    const silent = connectTo(service.port, '127.0.0.1');
    await once(silent, 'connect');

    const ended = once(silent, 'close');
    await service.close();
    await ended;
  }, 10_000);

  it('gives up on a request that outlives the limit, and says so', async () => {
    const logger = new KeptLog();
    const began = gate();
    const router = createRouter();
    router.get('/stuck', {}, async () => {
      began.open();
      await new Promise(() => {});
    });
    const service = await startedService({ routers: [router], shutdownTimeoutMs: 300, logger });
    await service.listen(0, '127.0.0.1');
    const answer = fetch(`http://127.0.0.1:${service.port}/api/v1/stuck`).catch(() => 'cut');
    await began.wait;

    const startedAt = Date.now();
    await service.close();

    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(await answer).toBe('cut');
    expect(logger.lines.some(({ level }) => level === 'warn' || level === 'error')).toBe(true);
  });

  it('stops everything else when onShutdown throws, and still reports it', async () => {
    const logger = new KeptLog();
    const service = await startedService({
      logger,
      onShutdown: () => {
        throw new Error('cannot say goodbye');
      },
    });

    const outcome = await service.close().catch((error: unknown) => error);

    expect(`${inspect(outcome, { depth: 5 })} ${logger.text}`).toContain('cannot say goodbye');
    expect(getRedis() === null).toBe(true);
  });

  it('leaves no timer or socket behind', async () => {
    const before = process.getActiveResourcesInfo().length;
    const service = await startedService({ tasks: { nothing: () => {} } });
    await service.listen(0, '127.0.0.1');
    await (await fetch(`http://127.0.0.1:${service.port}/healthz`)).text();

    await service.close();

    await eventually(
      () => process.getActiveResourcesInfo().length <= before + 1, // fetch keeps a timer of its own
      `${before} active resources, not ${process.getActiveResourcesInfo().join(', ')}`,
    );
  });
});
