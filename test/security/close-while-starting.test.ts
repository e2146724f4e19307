import { connect } from 'node:net';
import { createRouter, rateLimit } from 'app-kernel';
import { afterEach, expect, it } from 'vitest';
import { freshService, releaseServices } from '../service/setup/fresh-service.js';

afterEach(releaseServices);

it('a service that is closed while it starts does not listen afterwards', async () => {
  const service = freshService();

  const listening = service.listen(0, '127.0.0.1').then(
    () => 'listens',
    (error: Error) => error.message,
  );
  await service.close();

  expect(await listening).toMatch(/closed/);
  expect(() => service.port).toThrow();
});

it('no request runs a handler without its guards and limits, however it falls into start and stop', async () => {
  let open = 0;
  const router = createRouter();
  router.get('/secret', { auth: 'admin' }, () => void open++);
  router.get('/limited', { use: [rateLimit(3)] }, () => ({ ok: true }));
  const service = freshService({ routers: [router] });
  await service.listen(0, '127.0.0.1');
  const { port } = service;
  let passed = 0;
  const statuses = new Set<string>();
  const knock = (path: string) =>
    new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => resolve());
      socket.on('close', () => {
        const status = answer.slice(9, 12);
        statuses.add(status);
        if (path.endsWith('limited') && status === '200') passed += 1;
        resolve();
      });
      socket.write(`GET /api/v1${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });

  const knocks: Promise<void>[] = [];
  for (let call = 0; call < 60; call++) {
    knocks.push(knock(call % 2 ? '/secret' : '/limited'));
    if (call === 30) knocks.push(service.close());
    await new Promise(setImmediate);
  }
  await Promise.all(knocks);

  expect(open).toBe(0);
  expect(passed).toBeLessThanOrEqual(3);
  expect([...statuses].filter((status) => !['', '200', '401', '429', '503'].includes(status))).toEqual([]);
});
