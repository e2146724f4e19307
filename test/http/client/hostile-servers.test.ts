import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpError, httpClient } from '../../../src/http/index.js';

const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('httpClient', () => {
  it('unpacks what a server has packed, and says no more that it was', async () => {
    const packed = { gzip: gzipSync('{"ok":true}'), br: brotliCompressSync('{"ok":true}'), identity: '{"ok":true}' };
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers['accept-encoding']);
      const encoding = request.url?.slice(1) as keyof typeof packed;
      response.writeHead(request.method === 'PUT' ? 409 : 200, { 'content-encoding': encoding });
      response.end(request.method === 'HEAD' ? undefined : packed[encoding]);
    });
    using api = httpClient(url);
    for (const encoding of ['gzip', 'br', 'identity']) {
      const response = await api.get(encoding);
      expect(response.json()).toEqual({ ok: true });
      expect(response.headers.get('content-encoding')).toBeNull();
      await expect(api.put(encoding)).rejects.toMatchObject({ status: 409, body: '{"ok":true}' });
      expect((await api.request('HEAD', encoding)).bytes).toHaveLength(0);
    }
    expect(new Set(asked)).toEqual(new Set(['gzip, br']));
  });

  it('is not filled by a small answer that unpacks to a large one', async () => {
    const zeros = Buffer.alloc(50 * 2 ** 20);
    const bombs = { gzip: gzipSync(zeros), br: brotliCompressSync(zeros) };
    const url = await serve((request, response) => {
      const encoding = request.url?.slice(1) as keyof typeof bombs;
      response.writeHead(200, { 'content-encoding': encoding }).end(bombs[encoding]);
    });
    using api = httpClient(url, { maxResponseBytes: 100_000 });
    using cutting = httpClient(url, { maxResponseBytes: 100_000, cutBodies: true });
    for (const encoding of ['gzip', 'br'] as const) {
      expect(bombs[encoding].length).toBeLessThan(100_000);
      await expect(api.get(encoding)).rejects.toMatchObject({ code: 'E_HTTP_BODY' });
      expect((await cutting.get(encoding)).bytes).toHaveLength(100_000);
    }
  });

  it('says what is wrong with a body that is not packed as it says, or as nobody asked for', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-encoding': request.url?.slice(1) }).end('no such thing');
    });
    using api = httpClient(url, { retries: 3 });
    for (const encoding of ['gzip', 'br', 'zstd', 'gzip,%20br'])
      await expect(api.get(encoding), encoding).rejects.toMatchObject({ code: 'E_HTTP_BODY' });
  });

  it('takes its credentials to no other server', async () => {
    const stolen: unknown[] = [];
    const canary = await serve((request, response) => {
      stolen.push(request.headers);
      response.end();
    });
    const url = await serve((_request, response) => {
      response.writeHead(307, { location: `${canary}/steal` }).end();
    });
    using api = httpClient(url, { headers: { authorization: 'Bearer canary' }, retries: 2 });
    for (const method of ['GET', 'POST', 'DELETE']) expect((await api.request(method, '/')).status).toBe(307);
    expect(stolen).toEqual([]);
    expect(() => httpClient('https://ann:secret@api.example.com')).toThrow('headers: { authorization }');
  });

  it('sends no header or method that would begin another, and blames nobody else for it', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      response.end('{}');
    });
    using api = httpClient(url, { retries: 3 });
    for (let call = 0; call < 8; call++) {
      await expect(api.get('/', { headers: { 'x-a': 'b\r\nx-forged: 1' } })).rejects.toMatchObject({
        code: 'E_HTTP_REQUEST',
      });
      await expect(api.get('/', { headers: { 'x-a\r\nx-forged': '1' } })).rejects.toMatchObject({
        code: 'E_HTTP_REQUEST',
      });
      await expect(api.request('GET / HTTP/1.1\r\nx-forged: 1\r\n', '/')).rejects.toMatchObject({
        code: 'E_HTTP_REQUEST',
      });
    }
    for (const name of ['Transfer-Encoding', 'Content-Length', 'Expect', 'Upgrade', 'Connection'])
      await expect(api.post('/', { body: 'x', headers: { [name]: 'chunked' } })).rejects.toThrow(name.toLowerCase());
    await api.get('/a b\r\nx-forged: 1', { query: { q: 'c\r\nx-forged: 1' } }); // its circuit is still closed
    expect(seen).toHaveLength(1);
    expect(seen.join()).not.toContain('forged":');
  });

  it('repeats nothing that may have had its effect', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(request.method ?? '');
      response.writeHead(503, { 'retry-after': '0' }).end();
    });
    using api = httpClient(url, { retries: 2, circuitBreaker: false });
    for (const method of ['POST', 'PATCH', 'get', 'PUT', 'DELETE', 'HEAD'])
      await expect(api.request(method, '/')).rejects.toBeInstanceOf(HttpError);
    const times = (method: string): number => seen.filter((each) => each === method).length;
    expect(['POST', 'PATCH', 'GET', 'PUT', 'DELETE', 'HEAD'].map(times)).toEqual([1, 1, 3, 3, 3, 3]);
  });

  it('leaves neither a timer nor a listener behind', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/cut') request.socket.destroy();
      else response.end('{}');
    });
    using api = httpClient(url, { circuitBreaker: false });
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let call = 0; call < 20; call++) {
      await api.get('/', { signal });
      await expect(api.get('/cut', { signal })).rejects.toMatchObject({ code: 'E_CONNECTION' });
    }
    expect(listeners).toBe(0);
    expect(() => httpClient(url, { timeoutSeconds: 3_000_000 })).toThrow('timeoutSeconds');
  });
});
