import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createRouter, Unanswered } from '../../src/http/index.js';
import { type Listening, listen } from './support/listen.js';
import { serve } from './support/serve.js';

const REQUEST = 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server whose answers wait until `answer` is called, the oldest first. */
async function withSlowRoute(): Promise<Listening & { answer(): void }> {
  const waiting: Array<() => void> = [];
  const router = createRouter().get('/slow', {}, () => new Promise<void>((resolve) => waiting.push(resolve)));
  const server = await listen(serve([router]));
  return Object.assign(server, { answer: () => waiting.shift()?.() });
}

async function arrival(server: Listening): Promise<ServerResponse> {
  const [, response] = (await once(server.server, 'request')) as [unknown, ServerResponse];
  return response;
}

describe('the unanswered requests of a server', () => {
  it('are counted until their answers have left, whichever ends first', async () => {
    await using server = await withSlowRoute();
    const unanswered = new Unanswered(server.server);
    const ask = async (): Promise<ServerResponse> => {
      const arrived = arrival(server);
      void server.raw(REQUEST.replace('Host', 'Connection: close\r\nHost'));
      return arrived;
    };
    const [first, second] = [await ask(), await ask()];
    expect(unanswered.count).toBe(2);

    server.answer();
    await once(first, 'close');
    expect(unanswered.count).toBe(1);

    const third = await ask();
    expect(unanswered.count).toBe(2);
    server.answer();
    server.answer();
    await Promise.all([once(second, 'close'), once(third, 'close')]);
    expect(unanswered.count).toBe(0);
  });

  it('and those to come are told that their connection ends', async () => {
    await using server = await withSlowRoute();
    const unanswered = new Unanswered(server.server);
    const arrived = arrival(server);
    const open = server.raw(REQUEST);
    await arrived;

    unanswered.announceEnd();
    server.answer();
    expect(await open).toMatch(/\r\nConnection: close\r\n/);

    const later = arrival(server);
    const next = server.raw(REQUEST);
    await later;
    server.answer();
    expect(await next).toMatch(/\r\nConnection: close\r\n/);
  });
});
