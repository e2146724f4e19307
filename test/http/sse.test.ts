import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotFoundError } from '../../src/base/errors.js';
import { silentLogger } from '../../src/base/ports.js';
import { sleep } from '../../src/base/sleep.js';
import { createRouter, OpenStreams, type SseOptions, sse } from '../../src/http/index.js';
import { eventually } from '../service/setup/http-calls.js';
import { listen } from './support/listen.js';
import { problemOf, serve } from './support/serve.js';

interface Call {
  message: string | undefined;
  err: unknown;
}

let released: number;
let ended: number;
let made: number;
let logged: Call[];

beforeEach(() => {
  [released, ended, made, logged] = [0, 0, 0, []];
});

const logger = {
  ...silentLogger,
  error: (fields: object | string, message?: string) =>
    logged.push({ message, err: (fields as { err?: unknown }).err }),
};
const lease = { release: async () => void released++ };

/** Streams of one route. */
function streaming(answer: () => unknown) {
  const streams = new OpenStreams(logger);
  const served = serve([createRouter().get('/events', { stream: true }, answer)], { streams, logger });
  return { streams, served };
}

describe('an event stream whose source fails', () => {
  it.each([
    ['at once', 0],
    ['after a look at a database', 30],
  ])('%s, before the first event, is an error answer as any other', async (_when, ms) => {
    const { streams, served } = streaming(() =>
      sse(
        async function* () {
          if (ms > 0) await sleep(ms);
          if (ms >= 0) throw new NotFoundError('No such import');
          yield '';
        },
        { lease },
      ),
    );
    const response = await served.send('/events');
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(response.headers.get('x-accel-buffering')).toBeNull();
    expect((await problemOf(response)).detail).toBe('No such import');
    await eventually(() => released === 1, 'the lease');
    expect([streams.size, logged]).toEqual([0, []]);
  });

  it('as it is opened gives its lease back as well', async () => {
    const { served } = streaming(() =>
      sse(
        () => {
          throw new NotFoundError('No such import');
        },
        { lease },
      ),
    );
    expect((await served.send('/events')).status).toBe(404);
    expect(released).toBe(1);
  });

  it.each([
    ['behind an event', ['data: one\n\n'], 0],
    ['long after the headers went out', [], 250],
  ])('%s says so by an event, ends and gives its lease back', async (_when, events, ms) => {
    const fault = new Error('canary');
    const { streams, served } = streaming(() =>
      sse(
        async function* () {
          yield* events;
          await sleep(ms);
          throw fault;
        },
        { lease },
      ),
    );
    const response = await served.send('/events');
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const error = 'event: error\ndata: {"type":"error","message":"The stream ended with an error"}\n\n';
    expect(await response.text()).toBe(`:\n\n${events.join('')}${error}`);
    expect([released, streams.size]).toEqual([1, 0]);
    expect(logged).toEqual([{ message: 'An event stream failed', err: fault }]);
  });
});

describe('an event stream of the application’s own middleware', () => {
  async function* events(signal: AbortSignal) {
    yield { event: 'log', data: 'one' };
    await once(signal, 'abort');
  }

  it('has its headers, and is told to come back when the service ends', async () => {
    const { streams, served } = streaming(() => undefined);
    served.app.use((ctx, next) => {
      if (ctx.path !== '/own') return next();
      ctx.body = sse(events, { lease });
      return undefined;
    });
    const response = await served.send('/own');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(streams.size).toBe(1);
    streams.drain();
    expect(await response.text()).toMatch(/^retry: 2000$/m);
    await eventually(() => released === 1, 'the lease');
  });
});

describe('a client that takes nothing', () => {
  const EVENT = 64 * 1024;
  let socket: Socket | undefined;

  afterEach(() => socket?.destroy());

  async function* flood(): AsyncGenerator<string> {
    try {
      for (; ; made++) yield `data: ${'x'.repeat(EVENT - 8)}\n\n`;
    } finally {
      ended++;
    }
  }

  async function stalled(options: SseOptions) {
    const { streams, served } = streaming(() => sse(flood(), { lease, ...options }));
    const server = await listen(served);
    const client = connect(server.port, '127.0.0.1').on('error', () => {});
    socket = client;
    client.pause().write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
    let before = -1;
    await eventually(async () => {
      const stands = made > 0 && made === before;
      before = made;
      await sleep(200);
      return stands;
    }, 'the generator to wait');
    return { streams, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  }

  it('pauses the generator: what waits for it is a few events and the buffers of its connection', async () => {
    await using open = await stalled({});
    expect(made * EVENT).toBeLessThan(16 * 1024 * 1024);
    const [paused, memory] = [made, process.memoryUsage().arrayBuffers];
    await sleep(300);
    expect(made).toBe(paused);
    expect(process.memoryUsage().arrayBuffers - memory).toBeLessThan(1024 * 1024);
    let taken = 0;
    open.client.on('data', (chunk) => {
      taken += chunk.length;
      if (taken > 3 * paused * EVENT) open.client.destroy();
    });
    await once(open.client.resume(), 'close');
    expect(made).toBeGreaterThan(paused);
    await eventually(() => ended === 1 && released === 1 && open.streams.size === 0, 'everything to be given back');
  });

  it('is let go after eight silences, and its place is free', async () => {
    await using open = await stalled({ heartbeatSeconds: 0.05 });
    await eventually(() => ended === 1 && released === 1 && open.streams.size === 0, 'everything to be given back');
    expect(logged).toEqual([]);
  });
});

describe('an option that sse() refuses', () => {
  it.each([
    [{ heartbeatSeconds: 0 }, 'heartbeatSeconds of sse() cannot be 0; give a number above 0, 15 for example'],
    [{ heartbeatSeconds: Number.NaN }, 'heartbeatSeconds of sse() cannot be NaN'],
    [{ heartbeatSeconds: 1e9 }, 'heartbeatSeconds of sse() cannot be 1000000000'],
    [{ heartbeatSeconds: '15' }, 'heartbeatSeconds of sse() cannot be 15; give a number'],
    [{ keepRunning: 'yes' }, 'keepRunning of sse() cannot be yes; give true or false'],
    [{ lease: 'ann' }, 'lease of sse() cannot be ann; give what streamLease() answers, with release()'],
    [{ heartbeat: 5 }, 'sse() has no option heartbeat; it has lease, heartbeatSeconds, keepRunning'],
  ])('%j is named', (options, message) => {
    expect(() => sse([] as never, options as never)).toThrow(message);
  });

  it('costs no lease', async () => {
    expect(() => sse(sourceOf(), { lease, heartbeatSeconds: -1 })).toThrow('heartbeatSeconds');
    expect(() => sse([] as never, { lease })).toThrow('sse() takes an async iterable');
    expect(released).toBe(2);
  });

  async function* sourceOf(): AsyncGenerator<string> {
    yield 'data: one\n\n';
  }
});
