import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDocsRouter, DocsAssets } from '../../../src/features/docs/index.js';
import { createRouter, RouteTable } from '../../../src/http/index.js';
import { serve } from '../../http/support/serve.js';

const info = { title: 'shop <b>', version: '1.0.0' };

function docs(options: { docsPath?: string; openApiPath?: string; assets?: DocsAssets } = {}) {
  const routes = new RouteTable();
  const own = createRouter().get('/own', { summary: 'Own' }, async () => null);
  return serve([createDocsRouter({ routes, info, ...options }), own], { routes });
}

describe('/openapi.json', () => {
  it('shows the routes of the service and not its own', async () => {
    const response = await docs().send('/openapi.json');

    expect(response.headers.get('content-type')).toContain('application/json');
    const document = (await response.json()) as { paths: object; info: object };
    expect(Object.keys(document.paths)).toEqual(['/own']);
    expect(document.info).toEqual(info);
  });
});

describe('/docs', () => {
  it('runs under the content security policy that is sent with it', async () => {
    const response = await docs().send('/docs');
    const html = await response.text();

    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect(html).not.toMatch(/\son[a-z]+=/);
    expect(html).toContain('shop &#60;b&#62;');
  });

  it('loads nothing from any other host', async () => {
    const { send } = docs();
    const html = await (await send('/docs')).text();
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);

    expect(sources.filter((source) => source.startsWith('/'))).toHaveLength(3);
    for (const source of sources.filter((source) => source !== 'data:,')) {
      const response = await send(source);
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(100);
      expect(response.headers.get('cache-control')).toBe('public, max-age=3600, must-revalidate');
    }
    expect(await (await send('/docs/start.js')).text()).toContain('validatorUrl: null');
  });

  it('serves each file with its type, so that nosniff lets it run', async () => {
    const { send } = docs();

    expect((await send('/docs/start.js')).headers.get('content-type')).toContain('javascript');
    expect((await send('/docs/swagger-ui-bundle.js')).headers.get('content-type')).toContain('javascript');
    expect((await send('/docs/swagger-ui.css')).headers.get('content-type')).toContain('text/css');
  });

  it('can be moved, and finds its document there', async () => {
    const { send } = docs({ docsPath: '/help', openApiPath: '/spec.json' });

    expect(await (await send('/help')).text()).toContain('data-openapi="/spec.json"');
    expect((await send('/help/start.js')).status).toBe(200);
    expect((await send('/spec.json')).status).toBe(200);
    expect((await send('/docs')).status).toBe(404);
  });

  it('is where /redoc leads', async () => {
    const response = await docs().send('/redoc');

    expect([response.status, response.headers.get('location')]).toEqual([302, '/docs']);
  });
});

describe('the files of the page', () => {
  it('are read from the folder they lie in, once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'docs-'));
    await writeFile(join(folder, 'swagger-ui.css'), 'one');
    const assets = new DocsAssets(() => folder);
    const { send } = docs({ assets });

    expect(await (await send('/docs/swagger-ui.css')).text()).toBe('one');
    await rm(folder, { recursive: true });
    expect(await (await send('/docs/swagger-ui.css')).text()).toBe('one');
    expect((await send('/docs/swagger-ui-bundle.js')).status).toBe(500);
  });
});
