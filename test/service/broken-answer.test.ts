import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createRouter } from 'app-kernel';
import { afterEach, expect, it, vi } from 'vitest';
import { freshService, releaseServices } from './setup/fresh-service.js';
import { KeptLog } from './setup/kept-log.js';

afterEach(releaseServices);

it('an answer that breaks off is logged; one that the client leaves is none of our faults', async () => {
  const log = new KeptLog();
  const router = createRouter();
  router.get('/broken', {}, () => createReadStream('/nowhere/at-all'));
  router.get('/endless', {}, () => Readable.from(endless()));
  const service = freshService({ routers: [router], logger: log });
  await service.listen(0, '127.0.0.1');
  const errors = () => log.lines.filter(({ level }) => level === 'error');
  const ask = (path: string): Socket => {
    const socket = connect(service.port, '127.0.0.1').on('error', () => {});
    socket.write(`GET /api/v1${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    return socket;
  };

  const left = ask('/endless');
  await once(left, 'data');
  left.destroy();
  const broken = ask('/broken');
  await once(broken.resume(), 'close');

  await vi.waitFor(() => expect(errors()).toHaveLength(1));
  expect(errors()[0]).toMatchObject({ message: 'An answer broke off', fields: { err: { code: 'ENOENT' } } });
});

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) {
    yield Buffer.alloc(1024);
    await new Promise(setImmediate);
  }
}
