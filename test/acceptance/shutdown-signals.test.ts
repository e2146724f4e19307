import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { eventually, login, sendOver, signUp } from '../service/setup/http-calls.js';
import { type Quickstart, startQuickstart } from './quickstart.js';

const HANGING = join(ROOT, 'test/service/fixtures/hanging-service.mjs');
const CRASHING = join(ROOT, 'test/service/fixtures/crashing-service.mjs');
const running: Quickstart[] = [];

afterEach(async () => {
  for (const { process } of running.splice(0)) await process.kill();
  await releaseServices();
});

async function start(folder = freshFolder(), env: Record<string, string> = {}): Promise<Quickstart> {
  const quickstart = await startQuickstart(folder, env);
  running.push(quickstart);
  return quickstart;
}

/** A request whose body comes in two parts: it is open from the first to the second. */
class SlowRequest {
  readonly #socket: Socket;
  readonly #rest: string;
  #answer = '';
  readonly ended: Promise<void>;

  constructor(baseUrl: string, path: string, authorization: string, body: string) {
    const { port, host } = new URL(baseUrl);
    const half = Math.floor(body.length / 2);
    this.#rest = body.slice(half);
    this.#socket = connect(Number(port), '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      this.#answer += chunk.toString();
    });
    this.#socket.on('error', () => {});
    this.ended = new Promise((resolve) => this.#socket.on('close', () => resolve()));
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, half)}`,
    );
  }

  finish(): void {
    this.#socket.write(this.#rest);
  }

  get answer(): string {
    return this.#answer;
  }
}

describe('SIGTERM to the quickstart', { timeout: 60_000 }, () => {
  it('takes it out of rotation, lets the open request finish and ends with status 0', async () => {
    const { process: child, baseUrl } = await start();
    const send = sendOver(baseUrl);
    const { headers } = await signUp(send, 'slow@example.com');
    const body = JSON.stringify({ name: 'Slowly sent', price: 1 });
    const request = new SlowRequest(baseUrl, '/api/v1/products', headers.authorization, body);
    await new Promise((resolve) => setTimeout(resolve, 200)); // the server has no way to show a half-read request

    child.signal('SIGTERM');
    await eventually(async () => {
      const readiness = await send('/readyz').catch(() => undefined);
      return readiness?.status !== 200;
    }, 'readiness to fall');
    expect(child.isRunning).toBe(true);
    request.finish();
    const finishedAt = Date.now();
    const { code, signal } = await child.ended();
    const lingered = Date.now() - finishedAt;
    await request.ended;

    expect(request.answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(request.answer).toContain('"Slowly sent"');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(request.answer, 'a client must not reuse the connection').toMatch(/connection: close/i);
    expect(lingered, 'ms from the last answer to the end').toBeLessThan(3000);
  });

  it('ends an idle service within a second or two', async () => {
    const { process: child, baseUrl } = await start();
    await (await fetch(`${baseUrl}/healthz`)).text();
    const startedAt = Date.now();

    child.signal('SIGTERM');
    const { code } = await child.ended();

    expect(code).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(5000);
  });

  it('is obeyed as SIGINT is', async () => {
    const { process: child } = await start();
    child.signal('SIGINT');
    expect(await child.ended()).toMatchObject({ code: 0, signal: null });
  });

  it('ends at once, and not with status 0, when it comes a second time', async () => {
    const { process: child, baseUrl } = await start();
    const { headers } = await signUp(sendOver(baseUrl), 'twice@example.com');
    const request = new SlowRequest(baseUrl, '/api/v1/products', headers.authorization, '{"name":"never","price":1}');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.signal('SIGTERM');
    await eventually(async () => (await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.status !== 200, 'the stop');

    const startedAt = Date.now();
    child.signal('SIGTERM');
    const { code, signal } = await child.ended();

    expect(Date.now() - startedAt).toBeLessThan(2000);
    expect(code === 0 && signal === null).toBe(false);
    expect(request.answer).not.toContain('201');
  });

  it('ends with a failure when something does not stop within the limit', async () => {
    const folder = freshFolder();
    const child = startNode(HANGING, [], { cwd: folder, env: { ENV: 'dev', ROOT_DIR: folder } });
    try {
      await child.says(/LISTENING/);
      const startedAt = Date.now();
      child.signal('SIGTERM');
      const { code, signal } = await child.ended(20_000);

      expect({ code, signal }).toEqual({ code: 1, signal: null });
      expect(Date.now() - startedAt).toBeLessThan(10_000);
    } finally {
      await child.kill();
    }
  });

  it('keeps accounts, sessions and rows for the next start', async () => {
    const folder = freshFolder();
    const first = await start(folder);
    const { headers, id } = await signUp(sendOver(first.baseUrl), 'stay@example.com');
    const created = await fetch(`${first.baseUrl}/api/v1/products`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Stays', price: 3 }),
    });
    expect(created.status).toBe(201);
    first.process.signal('SIGTERM');
    expect((await first.process.ended()).code).toBe(0);

    const second = await start(folder);
    const send = sendOver(second.baseUrl);

    expect(await (await send('/api/v1/products')).json()).toMatchObject([{ name: 'Stays' }]);
    expect(await (await send('/api/v1/auth/me', { headers })).json()).toMatchObject({ id });
    expect((await login(send, 'stay@example.com')).id).toBe(id);
  });

  it('keeps acknowledged rows through a kill -9', async () => {
    const folder = freshFolder();
    const first = await start(folder);
    const { headers } = await signUp(sendOver(first.baseUrl), 'killed@example.com');
    const init = (name: string): RequestInit => ({
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name, price: 1 }),
    });
    const acknowledged: string[] = [];
    for (let row = 0; row < 20; row++) {
      const response = await fetch(`${first.baseUrl}/api/v1/products`, init(`Row ${row}`));
      if (response.status === 201) acknowledged.push(`Row ${row}`);
    }
    await first.process.kill();

    const second = await start(folder);
    const rows = (await (await fetch(`${second.baseUrl}/api/v1/products?limit=100`)).json()) as Array<{ name: string }>;

    expect(acknowledged).toHaveLength(20);
    expect(rows.map(({ name }) => name).sort()).toEqual([...acknowledged].sort());
  });
});

describe('a port that is taken', { timeout: 60_000 }, () => {
  it('ends the quickstart with a failure that names the port', async () => {
    const first = await start();
    const port = new URL(first.baseUrl).port;

    await expect(start(freshFolder(), { PORT: port })).rejects.toThrow(
      new RegExp(`EADDRINUSE|${port}.*(use|taken)`, 's'),
    );
  });
});

describe('a fault that nobody has caught', { timeout: 60_000 }, () => {
  it.each([
    ['rejection', /^.*A promise was rejected that nobody awaits.*$/m],
    ['exception', /^.*An error was thrown that nobody catches.*$/m],
  ])('is in the log before the %s ends the process', async (crash, line) => {
    const env = { ROOT_DIR: freshFolder(), APP_ENV: 'test', LOG_FORMAT: 'json', CRASH: crash };
    const { code, stdout } = await startNode(CRASHING, [], { env }).ended();
    expect(code).toBe(1);
    expect(JSON.parse(stdout.match(line)?.[0] ?? '{}')).toMatchObject({
      level: 'error',
      err: { message: expect.stringContaining('nobody'), stack: expect.stringContaining('crashing-service.mjs') },
    });
  });
});
