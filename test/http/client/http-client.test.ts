import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { HttpError, httpClient, withHttpClient } from '../../../src/http/index.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let answer: Answer;
let base: string;
let seen: Array<{ method: string; url: string; headers: IncomingMessage['headers']; body: string }>;
let server: Server;

const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let body = '';
  for await (const chunk of request) body += chunk;
  seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
  answer(request, response);
};

/** Answers one after the other, the last one for ever. */
function answers(...list: Array<[status: number, body?: string, headers?: Record<string, string>]>): void {
  answer = (_request, response) => {
    const [status, body = '{}', headers = {}] = list.length > 1 ? (list.shift() ?? [500]) : (list[0] ?? [500]);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
}

/** A server for each test: clients of one server share what they know of its health. */
beforeEach(async () => {
  server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  seen = [];
  answers([200, '{"ok":true}']);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('httpClient', () => {
  it('sends and reads JSON below its base URL', async () => {
    using api = httpClient(`${base}/v1/`, { headers: { 'X-App': 'shop' } });
    const response = await api.post('/orders', { json: { item: 'tea' }, query: { dry: true, none: undefined } });
    expect([response.status, response.ok, response.json()]).toEqual([200, true, { ok: true }]);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/orders?dry=true', body: '{"item":"tea"}' });
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'x-app': 'shop' });
    await api.get('orders');
    await api.put('orders', { body: 'plain', headers: { 'Content-Type': 'text/plain' } });
    await api.patch('orders');
    await api.delete('orders');
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'PUT', 'PATCH', 'DELETE']);
    expect(seen[2]).toMatchObject({ body: 'plain', headers: { 'content-type': 'text/plain' } });
  });

  it('does not leave its base, whatever the path says', async () => {
    using api = httpClient(`${base}/v1`);
    for (const path of ['/../admin', '//evil.example/x', '/%2e%2e/admin', '\\\\evil.example', '@evil.example']) {
      const outcome = await api.get(path).then(
        () => seen.at(-1)?.url,
        (error) => error.code,
      );
      expect(outcome === 'E_HTTP_REQUEST' || outcome?.startsWith('/v1/'), `${path}: ${outcome}`).toBe(true);
    }
  });

  it('makes an error of what is no success, with the answer at hand and no secret in the message', async () => {
    answers([404, '{"detail":"no such order"}']);
    using api = httpClient(base, { retries: 3 });
    const error = (await api.get('/orders/7?key=canary').catch((reason: unknown) => reason)) as HttpError;
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ code: 'E_HTTP', status: 404, body: '{"detail":"no such order"}' });
    expect(error.message).toBe(`${base}/orders/7 answered 404`);
    expect(seen).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    answers([302, '', { location: 'http://127.0.0.1:1/' }]);
    using api = httpClient(base);
    expect((await api.get('/')).status).toBe(302);
  });

  it('tries again what may be repeated, when the server says, and nothing else', async () => {
    answers([503, 'busy', { 'retry-after': '0' }], [429, 'busy', { 'retry-after': '0' }], [200, '[]']);
    using api = httpClient(base, { retries: 2 });
    expect((await api.get('/')).json()).toEqual([]);
    answers([503, 'busy', { 'retry-after': '0' }], [200, '[]']);
    await expect(api.post('/', { json: {} })).rejects.toMatchObject({ status: 503, retryAfterSeconds: 0 });
    answers([503, 'busy', { 'retry-after': '0' }], [200, '[]']);
    expect((await api.post('/', { json: {}, headers: { 'Idempotency-Key': 'k' } })).json()).toEqual([]);
    using never = httpClient(base);
    answers([503, 'busy', { 'retry-after': '0' }], [200, '[]']);
    await expect(never.get('/')).rejects.toMatchObject({ status: 503 });
  });

  it('waits no longer than its time, for the answer and for its body', async () => {
    using api = httpClient(base, { timeoutSeconds: 0.2 });
    answer = () => {};
    await expect(api.get('/')).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    answer = (_request, response) => void response.write('[');
    await expect(api.get('/')).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  });

  it('waits no longer than its time for a connection, and says so', async () => {
    const resolveHost = () => new Promise<never>(() => {});
    using api = httpClient('http://slow.example', {
      connectTimeoutSeconds: 0.2,
      publicAddressesOnly: true,
      resolveHost,
    });
    await expect(api.get('/')).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      message: 'http://slow.example took no connection within 0.2 s',
    });
  });

  it('ends with the signal, and for its reason', async () => {
    using api = httpClient(base, { retries: 3 });
    const controller = new AbortController();
    answer = () => controller.abort(new Error('changed my mind'));
    await expect(api.get('/', { signal: controller.signal })).rejects.toThrow('changed my mind');
    expect(seen).toHaveLength(1);
  });

  it('reads no more than it may', async () => {
    using api = httpClient(base, { maxResponseBytes: 1_000 });
    answer = (_request, response) => void response.end('x'.repeat(1_001));
    await expect(api.get('/')).rejects.toMatchObject({ code: 'E_HTTP_BODY' });
    answer = (_request, response) => void response.end('no json');
    await expect(api.get('/').then((response) => response.json())).rejects.toMatchObject({ code: 'E_HTTP_BODY' });
  });

  it('leaves a failing server alone, and one that refuses not', async () => {
    const refusing = await withOtherServer(400, async (url) => {
      using api = httpClient(url);
      for (let call = 0; call < 8; call++) await expect(api.get('/')).rejects.toMatchObject({ status: 400 });
      return 8;
    });
    expect(refusing).toBe(8);
    await withOtherServer(500, async (url, count) => {
      using api = httpClient(url);
      for (let call = 0; call < 5; call++) await expect(api.get('/')).rejects.toMatchObject({ status: 500 });
      await expect(api.get('/')).rejects.toMatchObject({ code: 'E_CIRCUIT_OPEN' });
      expect(count()).toBe(5);
    });
    await withOtherServer(500, async (url, count) => {
      using api = httpClient(url, { circuitBreaker: false });
      for (let call = 0; call < 8; call++) await expect(api.get('/')).rejects.toMatchObject({ status: 500 });
      expect(count()).toBe(8);
    });
  });

  it('says that nobody is there', async () => {
    using api = httpClient('http://127.0.0.1:1');
    await expect(api.get('/')).rejects.toMatchObject({ code: 'E_CONNECTION' });
  });

  it('shares its connections with every other client of the server, as many as it may', async () => {
    await withOtherServer(200, async (url, _count, connections) => {
      const clients = Array.from({ length: 5 }, () => httpClient(url, { maxConnections: 2 }));
      await Promise.all(clients.flatMap((client) => [client.get('/'), client.get('/')]));
      for (const client of clients) client.close();
      expect(connections()).toBe(2);
      await withHttpClient(url, (client) => client.get('/'), { maxConnections: 2 });
      expect(connections()).toBe(2);
    });
  });

  it('hands on the trace of the request it serves', async () => {
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
    await runWithContext({ trace }, () => withHttpClient(base, (client) => client.get('/')));
    expect(seen[0]?.headers.traceparent).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`);
  });

  it('names what it cannot work with', async () => {
    expect(() => httpClient('ftp://example.com')).toThrow('URL of a server');
    expect(() => httpClient(base, { timeoutSeconds: 0, retries: -1, timeOut: 5 } as never)).toThrow(
      /timeoutSeconds: cannot be 0.*retries: cannot be -1.*timeOut: is not a field/s,
    );
    const closed = httpClient(base);
    closed.close();
    closed.close();
    await expect(closed.get('/')).rejects.toMatchObject({ code: 'E_HTTP_CLOSED' });
    using api = httpClient(base);
    await expect(api.post('/', { json: {}, body: '' })).rejects.toMatchObject({ code: 'E_HTTP_REQUEST' });
  });
});

async function withOtherServer<T>(
  status: number,
  work: (url: string, count: () => number, connections: () => number) => Promise<T>,
): Promise<T> {
  let requests = 0;
  let connections = 0;
  const other = createServer((_request, response) => {
    requests += 1;
    setTimeout(() => response.writeHead(status).end('{}'), 10);
  }).on('connection', () => {
    connections += 1;
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    return await work(
      url,
      () => requests,
      () => connections,
    );
  } finally {
    other.closeAllConnections();
    other.close();
  }
}
