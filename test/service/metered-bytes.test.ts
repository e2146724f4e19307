import { Readable } from 'node:stream';
import { createRouter, type Service, sse, UsageEvent } from 'app-kernel';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageSummary } from '../../src/features/metering/index.js';
import { nothingWaits } from '../setup/recorded.js';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';

const TEXT = 'ünïcode '.repeat(1_000);
const BYTES = Buffer.byteLength(TEXT);
let leave: AbortController;

const router = createRouter();
router.get('/json', {}, () => ({ a: 1 }));
router.get('/events', {}, () =>
  sse(async function* () {
    for (let n = 0; n < 10; n++) yield TEXT;
  }),
);
router.get('/file', {}, ({ ctx }) => {
  ctx.length = BYTES;
  return Readable.from([Buffer.from(TEXT)]);
});
router.get('/endless', {}, () =>
  sse(async function* () {
    yield TEXT;
    leave.abort();
    await new Promise(() => {});
  }),
);
router.get('/broken', {}, ({ ctx }) => {
  ctx.body = Readable.from([TEXT]);
  throw new Error('on purpose');
});
router.post('/upload', {}, async ({ ctx }) => {
  for await (const _chunk of ctx.req);
  return {};
});

let service: Service;
let base: string;
beforeEach(async () => {
  leave = new AbortController();
  service = await startedService({ routers: [router], rateLimitAnonymousRpm: 10_000 });
  await service.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${service.port}/api/v1`;
});
afterEach(releaseServices);

interface Counted {
  requests: number;
  in: number;
  out: number;
}

/** What has been counted, once so many requests and ends of streams have been. */
async function counted(events: number): Promise<Counted> {
  const db = service.kernel.database;
  await eventually(async () => {
    await nothingWaits(service.kernel.services);
    return (await UsageEvent.count({ db })) === events;
  }, `${events} uses`);
  const sums = await UsageSummary.find({ where: { period: String(new Date().getUTCFullYear()) }, db });
  const sumOf = (metric: string): number => Number(sums.find((sum) => sum.metric === metric)?.value ?? 0);
  return { requests: sumOf('requests'), in: sumOf('bytes_in'), out: sumOf('bytes_out') };
}

const get = async (path: string, init?: RequestInit): Promise<number> =>
  (await (await fetch(`${base}${path}`, init)).arrayBuffer()).byteLength;

it('are those of the answer where its length is known, and none where only its head is sent', async () => {
  const length = await get('/json');
  expect(length).toBeGreaterThan(0);
  await get('/json', { method: 'HEAD' });
  expect(await counted(2)).toEqual({ requests: 2, in: 0, out: length });
});

it('are those that a stream has sent once it is over, and the request is counted once', async () => {
  const length = await get('/events');
  expect(length).toBeGreaterThanOrEqual(10 * BYTES);
  expect(await counted(2)).toEqual({ requests: 1, in: 0, out: length });
  expect(await get('/file')).toBe(BYTES);
  expect(await counted(4)).toEqual({ requests: 2, in: 0, out: length + BYTES });
  const [event] = await UsageEvent.find({ where: { eventType: 'stream' }, orderBy: 'id', db: service.kernel.database });
  expect(event).toMatchObject({ endpoint: '/api/v1/events', method: 'GET', statusCode: 200, bytesOut: BigInt(length) });
});

it('are those sent until the client left', async () => {
  await fetch(`${base}/endless`, { signal: leave.signal })
    .then((response) => response.arrayBuffer())
    .catch(() => {});
  const { requests, out } = await counted(2);
  expect(requests).toBe(1);
  expect(out).toBeGreaterThanOrEqual(BYTES);
});

it('are those of the error where a handler fails after it had begun a stream', async () => {
  const length = await get('/broken');
  expect(await counted(1)).toEqual({ requests: 1, in: 0, out: length });
});

it('are those that came, also of a body that does not say how long it is', async () => {
  const body = Readable.toWeb(Readable.from(Array(5).fill(Buffer.from(TEXT))));
  await get('/upload', { method: 'POST', body, duplex: 'half' } as unknown as RequestInit);
  await get('/upload', { method: 'POST', body: TEXT });
  expect(await counted(2)).toMatchObject({ requests: 2, in: 6 * BYTES });
});
