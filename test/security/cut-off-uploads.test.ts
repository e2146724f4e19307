import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createRouter, type HttpMiddleware } from '../../src/http/index.js';
import { type Listening, listen } from '../http/support/listen.js';
import { serve } from '../http/support/serve.js';

const MULTIPART = 'multipart/form-data; boundary=x';
const FILE = '--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nabc';

describe('a client that goes away in the middle of its body', () => {
  const { TMPDIR } = process.env;
  let folder: string;
  let held = 0;
  let slow: Promise<unknown> = Promise.resolve();

  /** Holds something while the rest of the request runs, as a lease or a lock would be. */
  const hold: HttpMiddleware = async (_ctx, next) => {
    held += 1;
    try {
      await slow;
      return await next();
    } finally {
      held -= 1;
    }
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cut-off-'));
    process.env.TMPDIR = folder;
  });

  afterEach(() => {
    process.env.TMPDIR = TMPDIR;
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    rmSync(folder, { recursive: true });
  });

  function app() {
    const router = createRouter();
    router.post('/upload', { accepts: 'multipart', body: z.any() }, () => ({ ok: true }));
    router.post('/json', { body: z.any() }, () => ({ ok: true }));
    const served = serve([router], { metering: hold });
    return served;
  }

  async function breakOff({ port }: Listening, path: string, type: string, body: string): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 999\r\n\r\n${body}`);
    await vi.waitFor(() => expect(held).toBe(1), { interval: 1 });
    socket.resetAndDestroy();
    await once(socket, 'close');
  }

  it.each([
    ['/upload', MULTIPART, FILE],
    ['/json', 'application/json', '{"a":'],
  ])('before it is read leaves nothing behind and nothing waiting: %s', async (path, type, body) => {
    await using server = await listen(app());
    let goOn: (() => void) | undefined;
    slow = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const gone = once(server.server, 'connection').then(([socket]) => once(socket, 'close').catch(() => {}));

    await breakOff(server, path, type, body);
    await gone;
    goOn?.();

    await vi.waitFor(() => expect(held).toBe(0));
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]));
  });

  it('while it is read leaves no file behind', async () => {
    await using server = await listen(app());
    slow = Promise.resolve();

    for (let upload = 0; upload < 30; upload++) await breakOff(server, '/upload', MULTIPART, FILE);

    await vi.waitFor(() => expect(held).toBe(0));
    await vi.waitFor(() => expect(readdirSync(folder)).toEqual([]));
  });
});
