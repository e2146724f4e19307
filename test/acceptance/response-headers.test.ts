import type { Service } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseServices } from '../service/setup/fresh-service.js';
import { json, type Send } from '../service/setup/http-calls.js';
import { DOORS, openShop } from './shop.js';

const ORIGIN = 'https://shop.example';
const ITEMS = '/api/v1/items';

/** One request for every status that the kernel answers by itself. */
const ANSWERS: ReadonlyArray<readonly [status: number, path: string, init?: RequestInit]> = [
  [200, '/healthz'],
  [200, ITEMS],
  [201, ITEMS, json({ name: 'Widget', price: 1 })],
  [400, ITEMS, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
  [401, `${ITEMS}/mine`],
  [404, '/nowhere'],
  [405, ITEMS, { method: 'PUT' }],
  [413, ITEMS, json({ name: 'x'.repeat(2000), price: 1 })],
  [415, ITEMS, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } }],
  [422, ITEMS, json({})],
  [429, `${ITEMS}/limited`],
  [500, `${ITEMS}/crash`],
];

for (const door of DOORS) {
  describe(`headers (${door.name})`, () => {
    let service: Service;
    let send: Send;

    beforeAll(async () => {
      service = openShop({ corsOrigins: [ORIGIN], maxBodySize: 1000, rateLimitAnonymousRpm: 10_000 });
      send = await door.open(service);
      for (let used = 0; used < 2; used++) await send(`${ITEMS}/limited`);
    });
    afterAll(releaseServices);

    for (const [status, path, init] of ANSWERS) {
      it(`are complete on a ${status}`, async () => {
        const headers = { ...(init?.headers as Record<string, string> | undefined), origin: ORIGIN };
        const response = await send(path, { ...init, headers });

        expect(response.status).toBe(status);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          'x-request-id': expect.stringMatching(/^[\w.-]{8,128}$/),
          'x-runtime': expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3}$/),
          'x-content-type-options': 'nosniff',
          'x-frame-options': 'DENY',
          'referrer-policy': 'strict-origin-when-cross-origin',
          'content-security-policy': expect.stringMatching(/frame-ancestors 'none'/),
          'access-control-allow-origin': ORIGIN,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': expect.stringMatching(/x-runtime/i),
          vary: expect.stringMatching(/origin/i),
        });
        expect(response.headers.get('x-powered-by')).toBeNull();
        if (path.startsWith('/api')) expect(response.headers.get('cache-control')).toMatch(/no-store/);
      });
    }

    it('take over a sound request id and no other', async () => {
      const sound = await send('/healthz', { headers: { 'x-request-id': 'client-id.42' } });
      expect(sound.headers.get('x-request-id')).toBe('client-id.42');
      for (const bad of ['a b', '<script>', 'x'.repeat(200), 'ä']) {
        const response = await send('/healthz', { headers: { 'x-request-id': encodeLatin(bad) } });
        expect(response.headers.get('x-request-id')).not.toContain(bad.slice(0, 8));
      }
    });

    it('name no foreign origin', async () => {
      for (const origin of [
        'https://evil.example',
        'null',
        'https://shop.example.evil.example',
        'http://shop.example',
      ]) {
        const response = await send('/healthz', { headers: { origin } });
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
      }
    });

    it('answer a preflight, which no limit counts', async () => {
      const init = {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      };
      for (let call = 0; call < 4; call++) {
        const response = await send(`${ITEMS}/limited`, init);
        expect([200, 204]).toContain(response.status);
        expect(response.headers.get('access-control-allow-methods')).toMatch(/POST/);
        expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      }
    });

    it('count down the limit and say how long to wait', async () => {
      const refused = await send(`${ITEMS}/limited`);

      expect(refused.status).toBe(429);
      expect(refused.headers.get('x-ratelimit-limit')).toBe('2');
      expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(refused.headers.get('ratelimit-policy')).toMatch(/q=2;w=60/);
      expect(refused.headers.get('ratelimit')).toMatch(/r=0;t=\d+/);
    });

    it('give HEAD the headers of GET without its body', async () => {
      const response = await send('/healthz', { method: 'HEAD' });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe('');
    });

    it('take a trailing slash without a redirect', async () => {
      const response = await send(`${ITEMS}/`, { redirect: 'manual' });
      expect(response.status).toBe(200);
    });
  });
}

describe('cross-origin requests without configured origins', () => {
  afterAll(releaseServices);

  it('may come from anywhere, and never with credentials', async () => {
    const service = openShop();
    const response = await service.inject('/healthz', { headers: { origin: 'https://anywhere.example' } });

    expect(response.headers.get('access-control-allow-origin')).toMatch(/^(\*|https:\/\/anywhere\.example)$/);
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

/** Headers are Latin-1; `fetch` refuses anything else. */
function encodeLatin(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
