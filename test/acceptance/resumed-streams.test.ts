import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket, connect as tcp } from 'node:net';
import { createRouter, type Service, sse, TaskStream } from 'app-kernel';
import { EventSource } from 'eventsource';
import { afterEach, describe, expect, it } from 'vitest';
import { sleep } from '../../src/base/sleep.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from '../service/setup/fresh-service.js';
import { eventually, sendOver, signUp } from '../service/setup/http-calls.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

const LINES = 30;
/** `task_id`, the lines, `complete`. */
const EVENTS = LINES + 2;
/** What the proxy lets through of each answer, its head included: enough for some events, and to be cut within one. */
const BYTES_PER_ANSWER = 2_613;

/** Has the client of a stream come back at once: after its own three seconds the task would be over. */
function comingBackSoon(answer: Buffer): Buffer {
  const endOfHead = answer.indexOf('\r\n\r\n') + 4;
  const head = answer.subarray(0, endOfHead);
  if (!/^transfer-encoding: chunked\r$/im.test(head.toString())) return answer;
  return Buffer.concat([head, Buffer.from('c\r\nretry: 100\n\n\r\n'), answer.subarray(endOfHead)]);
}

/** Hands each connection to the next instance that is up, and cuts it in the middle of what it says. */
class CuttingProxy {
  targets: number[] = [];
  /** How often each instance was asked. */
  readonly asked = new Map<number, number>();
  cuts = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => this.#join(client));
  #turn = 0;

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const port = this.targets[this.#turn++ % this.targets.length] ?? 0;
    this.asked.set(port, (this.asked.get(port) ?? 0) + 1);
    const server = tcp(port, '127.0.0.1');
    let left = BYTES_PER_ANSWER;
    client.pipe(server);
    server.on('data', (data) => {
      const passed = data.subarray(0, left);
      if (left > 0) client.write(left === BYTES_PER_ANSWER ? comingBackSoon(passed) : passed);
      left -= data.length;
      if (left > 0) return;
      this.cuts += client.destroyed ? 0 : 1;
      client.end();
      server.destroy();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.end();
      });
    }
  }
}

async function* count(): AsyncGenerator<string> {
  await using stream = new TaskStream('count');
  for (let line = 1; line <= LINES; line++) {
    yield stream.log(`line ${line} ${'·'.repeat(40)}`);
    await sleep(100);
  }
  yield stream.complete(true);
}

const proxy: { current?: CuttingProxy; source?: EventSource } = {};
afterEach(async () => {
  proxy.source?.close();
  proxy.current?.close();
  await releaseServices();
});

for (const backend of REDIS_BACKENDS) {
  describe(`an event stream that is cut off again and again (${backend.name})`, { timeout: 120_000 }, () => {
    it('is read by an independent client without a loss and without a double, from whatever instance', async () => {
      const redisNamespace = freshPrefix();
      const router = createRouter();
      router.post('/count', { auth: 'user' }, () => sse(count(), { keepRunning: true }));
      const options = {
        jwtSecret: 'a-secret-of-32-characters-or-more',
        databaseUrl: sqliteUrl(freshFolder()),
        routers: [router],
        rateLimitAuthenticatedRpm: 1_000,
        ...(backend.url && { redisUrl: backend.url, redisNamespace }),
      };
      const listening = async (): Promise<Service> => {
        const service = await startedService(options);
        await service.listen(0, '127.0.0.1');
        return service;
      };
      const one = await listening();
      const others = backend.url ? [await listening(), await listening()] : [];
      const send = sendOver(`http://127.0.0.1:${one.port}`);
      const { headers } = await signUp(send);

      const begun = await send('/api/v1/count', { method: 'POST', headers });
      const reader = (begun.body as ReadableStream<Uint8Array>).getReader();
      let text = '';
      while (!text.includes('task_id":')) text += new TextDecoder().decode((await reader.read()).value);
      await reader.cancel(); // the client that began it is cut off for good
      const [, taskId = ''] = /"task_id":"([^"]+)"/.exec(text) ?? [];

      const cutting = new CuttingProxy();
      proxy.current = cutting;
      cutting.targets = [one, ...others].map(({ port }) => port);
      const url = `${await cutting.listen()}/api/v1/tasks/${taskId}/events`;
      const source = new EventSource(url, {
        fetch: (input, init) =>
          fetch(input, { ...init, headers: { ...init.headers, ...headers, connection: 'close' } }),
      });
      proxy.source = source;
      const seen: Array<{ id: string; type: unknown; message: unknown }> = [];
      for (const name of ['task_id', 'log', 'complete', 'error'])
        source.addEventListener(name, (event) => {
          if (!(event instanceof MessageEvent)) return; // its own error: it was cut off
          const { type, message } = JSON.parse(event.data) as Record<string, unknown>;
          seen.push({ id: event.lastEventId, type, message });
        });

      const [leaving] = others;
      if (leaving) {
        await eventually(
          () => (cutting.asked.get(leaving.port) ?? 0) > 0 && seen.length > 8,
          'another instance',
          60_000,
        );
        cutting.targets = cutting.targets.filter((port) => port !== leaving.port);
        await leaving.close(); // one that served it goes away while it runs
      }
      await eventually(
        () => source.readyState === EventSource.CLOSED,
        'the client to be told that this was all',
        90_000,
      );

      expect(seen.map(({ id }) => Number(id))).toEqual(Array.from({ length: EVENTS }, (_, index) => index + 1));
      expect(seen.map(({ type }) => type)).toEqual([
        'task_id',
        ...Array.from({ length: LINES }, () => 'log'),
        'complete',
      ]);
      for (let line = 1; line <= LINES; line++) expect(seen[line]?.message).toContain(`line ${line} `);
      expect(cutting.cuts).toBeGreaterThanOrEqual(3);
      expect(cutting.asked.size).toBe(1 + others.length);
      if (backend.url) await removeKeys(backend.url, redisNamespace);
    });
  });
}
