import { expect, it } from 'vitest';
import { Readiness } from '../../src/features/health/index.js';

it.each([
  'postgres://app:can@ry@db.internal/app',
  'redis://:canary@cache',
  'amqp://app:canary@mq refused, as did redis://:canary@cache',
  'postgres://db/app?user=app&password=canary',
  'Authorization: Bearer canary.canary.canary',
])('row 56: a public probe tells no password of a connection: %s', async (message) => {
  const readiness = new Readiness({
    checks: [
      ['thrown', () => Promise.reject(new Error(`no ${message}`))],
      ['told', () => [false, `no ${message}`]],
    ],
  });

  expect(JSON.stringify(await readiness.report())).not.toMatch(/can|ry@/);
});
