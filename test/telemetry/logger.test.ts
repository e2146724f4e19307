import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { runWithContext, withActor } from '../../src/base/context.js';
import { ConnectionError } from '../../src/base/errors.js';
import { Services } from '../../src/base/services.js';
import { createLogger, getLogger, logContext, loggerService } from '../../src/telemetry/index.js';
import { readableLogger } from './lines.js';

const folder = mkdtempSync(join(tmpdir(), 'app-kernel-logs-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a log line', () => {
  it('is JSON with level, time, service, message and fields', () => {
    const { logger, lines } = readableLogger({ name: 'shop' });
    logger.info({ order: 7 }, 'Order placed');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        name: 'shop',
        order: 7,
        msg: 'Order placed',
      },
    ]);
  });

  it('may be a message or fields alone', () => {
    const { logger, lines } = readableLogger();
    logger.warn('100 %s of it');
    logger.error({ code: 'E_X' });
    logger.fatal(new Error('boom'));
    expect(lines()).toMatchObject([
      { level: 'warn', msg: '100 %s of it' },
      { level: 'error', code: 'E_X' },
      { level: 'fatal', err: { type: 'Error', message: 'boom', stack: expect.stringContaining('logger.test') } },
    ]);
  });

  it('carries request id, user, trace and context fields across awaits, and nothing of a neighbour', async () => {
    const { logger, lines } = readableLogger();
    const request = (id: string): Promise<void> =>
      runWithContext({ requestId: id, trace: { traceId: `t-${id}`, spanId: 's', sampled: true } }, () =>
        withActor({ id: `user-${id}` }, () =>
          logContext({ order: id }, async () => {
            await wait(2);
            logContext({ step: 'pay' }, () => logger.info(id));
          }),
        ),
      );
    await Promise.all(['a', 'b'].map(request));
    logger.info('outside');
    const byMessage = new Map(lines().map((line) => [line.msg, line]));
    for (const id of ['a', 'b']) {
      expect(byMessage.get(id)).toMatchObject({
        request_id: id,
        user_id: `user-${id}`,
        trace_id: `t-${id}`,
        order: id,
        step: 'pay',
      });
    }
    expect(Object.keys(byMessage.get('outside') ?? {})).toEqual(['level', 'time', 'name', 'msg']);
  });

  it('is left out below the level, which may be written in capitals', () => {
    const { logger, text } = readableLogger({ level: 'WARNING' });
    logger.info('no');
    logger.debug('no');
    expect(text()).toBe('');
    logger.warn('yes');
    expect(text()).toContain('yes');
    expect(() => createLogger({ level: 'loud' })).toThrow(/"loud".*trace, debug, info/);
  });

  it('tells where it was logged when asked to', () => {
    const { logger, lines } = readableLogger({ addCallerInfo: true });
    logger.info('here');
    logger.child({ a: 1 }).warn({ b: 2 }, 'there');
    for (const line of lines()) expect(line.caller).toMatch(/test\/telemetry\/logger\.test\.ts:\d+$/);
  });

  it('carries the fields of a child', () => {
    const { logger, lines } = readableLogger();
    logger.child({ room: 'jobs', apiKey: 'canary' }).child({ worker: 1 }).info('x');
    expect(lines()[0]).toMatchObject({ room: 'jobs', apiKey: '[redacted]', worker: 1 });
  });

  it('spells errors out, with code, details, cause and the members of an aggregate', () => {
    const { logger, lines } = readableLogger();
    const cause = new AggregateError([new Error('first')], 'both failed');
    logger.error({ err: new ConnectionError('away', { cause, details: { host: 'db' } }) }, 'x');
    expect(lines()[0]?.err).toMatchObject({
      type: 'ConnectionError',
      code: 'E_CONNECTION',
      details: { host: 'db' },
      cause: { message: 'both failed', errors: [{ message: 'first' }] },
    });
  });

  it('survives what cannot be logged', () => {
    const { logger, lines } = readableLogger();
    const circle: Record<string, unknown> = { n: 10n, f: () => 1, map: new Map([['k', 1]]), bytes: Buffer.alloc(3) };
    circle.self = circle;
    Object.defineProperty(circle, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('trap');
      },
    });
    logger.info(circle, 'odd');
    logger.info(
      {
        bad: {
          toJSON: () => {
            throw new Error('no JSON');
          },
        },
      },
      'worse',
    );
    expect(lines()).toMatchObject([
      { n: '10', map: { k: 1 }, bytes: '[3 bytes]', trap: '[unreadable]', msg: 'odd' },
      { unloggable: 'no JSON', msg: 'worse' },
    ]);
  });

  it('is bounded in length, width and depth', () => {
    const { logger, text } = readableLogger();
    let deep: object = {};
    for (let level = 0; level < 5_000; level++) deep = { deep };
    logger.info(
      { long: 'x'.repeat(1_000_000), wide: Array.from({ length: 10_000 }, () => 'y'), deep },
      'z'.repeat(1_000_000),
    );
    expect(text().length).toBeLessThan(20_000);
  });
});

describe('createLogger', () => {
  it('writes one readable line per entry when pretty', () => {
    const { logger, text } = readableLogger({ pretty: true });
    logger.info({ order: 7 }, 'Order placed');
    expect(text()).toMatch(/INFO.*Order placed/);
    expect(text()).toContain('order: 7');
  });

  it('also appends JSON lines to a file', () => {
    const { logger, text } = readableLogger({ name: 'my shop', logDir: join(folder, 'new'), pretty: true });
    logger.info('kept');
    expect(text()).toContain('kept');
    const line: unknown = JSON.parse(readFileSync(join(folder, 'new', 'my-shop.log'), 'utf8'));
    expect(line).toMatchObject({ msg: 'kept', level: 'info' });
  });

  it('names a directory that cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => createLogger({ logDir: join(folder, 'file') })).toThrow(/logDir/);
  });

  it('is found through the running kernel', () => {
    const { logger } = readableLogger();
    const services = new Services();
    services.provide(loggerService, logger);
    expect(runWithContext({ services }, () => getLogger())).toBe(logger);
    services.close();
    expect(getLogger()).toBe(getLogger());
  });
});
