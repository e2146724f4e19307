import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import type { Service } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/servers/index.mjs';
import { releaseServices } from '../service/setup/fresh-service.js';
import { openShop } from './shop.js';

const CHROMIUM = findChromium();

let service: Service;
let base: string;

beforeAll(async () => {
  service = openShop({ rateLimitAnonymousRpm: 1000 });
  await service.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${service.port}`;
});
afterAll(releaseServices);

/** The addresses that a page loads by itself. */
function loadedBy(html: string): string[] {
  const urls = [...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]+)"/g)].map(
    ([, url]) => url ?? '',
  );
  return urls.filter((url) => !url.startsWith('data:'));
}

describe('/docs', () => {
  it('is a page whose every script and style comes from the service itself', async () => {
    const response = await fetch(`${base}/docs`);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const urls = loadedBy(html);
    expect(urls.some((url) => url.endsWith('.js'))).toBe(true);
    expect(urls.some((url) => url.endsWith('.css'))).toBe(true);

    for (const url of urls) {
      const target = new URL(url, response.url);
      expect(target.origin, url).toBe(base);
      const asset = await fetch(target);
      expect(asset.status, url).toBe(200);
      expect(asset.headers.get('content-type'), url).toMatch(/javascript|css|image/);
      expect((await asset.arrayBuffer()).byteLength, url).toBeGreaterThan(0);
    }
  });

  it('runs under a policy that allows no other host and no inline script', async () => {
    const response = await fetch(`${base}/docs`);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';

    expect(policy).toMatch(/script-src[^;]*'self'/);
    expect(policy).not.toMatch(/script-src[^;]*('unsafe-inline'|'unsafe-eval'|https:|\*)/);
    expect(policy).not.toMatch(/(connect|style|default)-src[^;]*(https?:\/\/|\*)/);
    for (const [, attributes = '', content = ''] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
      expect(attributes).toContain('src=');
      expect(content.trim()).toBe('');
    }
    expect(html).not.toMatch(/\son\w+="/);
  });

  it('answers at its trailing slash as well', async () => {
    const response = await fetch(`${base}/docs/`);
    expect(response.status).toBe(200);
    for (const url of loadedBy(await response.text())) {
      expect((await fetch(new URL(url, response.url))).status, url).toBe(200);
    }
  });

  if (CHROMIUM) {
    it(`shows the routes in a real browser (${CHROMIUM}), which asks no other host`, { timeout: 60_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'app-kernel-chromium-'));
      try {
        const { stdout: page } = await promisify(execFile)(
          CHROMIUM,
          [
            '--headless=new',
            '--no-sandbox',
            '--disable-gpu',
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
            `--user-data-dir=${folder}`,
            '--virtual-time-budget=10000',
            '--dump-dom',
            `${base}/docs`,
          ],
          { encoding: 'utf8', timeout: 50_000, maxBuffer: 50_000_000 },
        );
        expect(page).toContain('/api/v1/items');
        expect(page).toContain('/api/v1/auth/login');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  } else {
    it('starts the viewer on the description (no browser is installed, so the script runs beside a page of its own)', async () => {
      const response = await fetch(`${base}/docs`);
      const html = await response.text();
      const scripts = loadedBy(html).filter((url) => url.endsWith('.js'));
      const sources = await Promise.all(scripts.map(async (url) => (await fetch(new URL(url, response.url))).text()));
      const starter = sources.at(-1) ?? '';
      const started: Array<{ url: string; validatorUrl: unknown }> = [];
      const [, openapi] = html.match(/data-openapi="([^"]+)"/) ?? [];

      runInNewContext(starter, {
        document: { getElementById: () => ({ dataset: { openapi } }) },
        SwaggerUIBundle: (options: { url: string; validatorUrl: unknown }) => started.push(options),
      });

      expect(started).toMatchObject([{ url: '/openapi.json', validatorUrl: null }]);
      expect(starter).not.toMatch(/https?:/);
      expect((await fetch(new URL(started[0]?.url ?? '', response.url))).status).toBe(200);
    });
  }
});
