import { describe, expect, it } from 'vitest';
import { createRouter } from '../../src/http/index.js';
import { listen } from './support/listen.js';
import { serve } from './support/serve.js';

describe('a handler whose client goes away', () => {
  it('learns it from its signal', async () => {
    let aborted: ((reason: unknown) => void) | undefined;
    const reason = new Promise((resolve) => {
      aborted = resolve;
    });
    let started: (() => void) | undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const router = createRouter().get('/slow', {}, async ({ signal }) => {
      started?.();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted?.(signal.reason);
    });
    await using server = await listen(serve([router]));
    const client = new AbortController();

    const answer = fetch(`${server.url}/slow`, { signal: client.signal }).catch(() => undefined);
    await running;
    client.abort();

    expect(String(await reason)).toContain('closed the connection');
    await answer;
  });

  it('does not see an abort after a complete answer', async () => {
    let signal: AbortSignal | undefined;
    const router = createRouter().get('/fast', {}, async (input) => {
      signal = input.signal;
      return 'done';
    });
    await using server = await listen(serve([router]));

    await (await fetch(`${server.url}/fast`, { headers: { Connection: 'close' } })).text();
    await new Promise((resolve) => setImmediate(resolve));

    expect(signal?.aborted).toBe(false);
  });
});

describe('the server', () => {
  it('bounds how long it waits for clients', async () => {
    await using server = await listen(serve([]));

    expect(server.server.headersTimeout).toBe(15_000);
    expect(server.server.requestTimeout).toBe(120_000);
    expect(server.server.keepAliveTimeout).toBe(65_000);
  });

  it('answers a request that names no host with a problem', async () => {
    await using server = await listen(serve([createRouter().get('/', {}, async () => 'in')]));

    const answer = await server.raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n');

    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain('X-Request-ID');
  });
});
