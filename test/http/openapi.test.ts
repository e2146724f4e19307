import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildOpenApi, createRouter, GuardRegistry, noRateLimit, RouteTable } from '../../src/http/index.js';

const Product = z.object({ id: z.string(), price: z.number(), made_at: z.date() }).meta({ id: 'Product' });
const Tree: z.ZodType = z.object({
  name: z.string(),
  get children() {
    return z.array(Tree);
  },
});

function document() {
  const router = createRouter({ prefix: '/products', tags: ['products'] });
  router.get(
    '/',
    {
      query: z.object({ limit: z.coerce.number().max(100).default(20), tag: z.string().describe('Only these') }),
      response: z.array(Product),
      summary: 'List',
    },
    async () => [],
  );
  router.post(
    '/',
    {
      auth: 'user',
      body: z.object({ price: z.number(), note: z.string().default('') }),
      response: Product,
      status: 201,
    },
    (async () => null) as never,
  );
  router.get('/:id', { auth: 'optional', params: z.object({ id: z.uuid() }) }, async () => null);
  router.delete('/:id', { auth: 'admin', description: 'For good', deprecated: true }, async () => {});
  router.put(
    '/:id/file',
    { auth: { scope: 'a:b' }, accepts: ['form', 'multipart'], body: z.object({ a: z.string() }) },
    async () => null,
  );
  router.post('/hook', { rawBody: true, use: [noRateLimit()], operationId: 'hook' }, async () => null);
  router.post('/tree', { body: Tree }, async () => null);
  router.get('/hidden', { hidden: true }, async () => null);
  const plain = new Router().all('/plain/:x', () => {});
  const guards = new GuardRegistry();
  guards.register('scope', () => {});
  const routes = new RouteTable(guards);
  routes.mount([router, ['/own', plain, ['plain']]], '/api');
  return JSON.parse(JSON.stringify(buildOpenApi(routes.routes(), { title: 'shop', version: '1.2.3' })));
}

const api = document();

describe('the OpenAPI document', () => {
  it('is 3.1 with every route that is not hidden', () => {
    expect(api.openapi).toBe('3.1.0');
    expect(api.info).toEqual({ title: 'shop', version: '1.2.3' });
    expect(Object.keys(api.paths)).toEqual([
      '/api/products',
      '/api/products/{id}',
      '/api/products/{id}/file',
      '/api/products/hook',
      '/api/products/tree',
      '/api/own/plain/{x}',
    ]);
  });

  it('shows parameters as they are validated', () => {
    expect(api.paths['/api/products'].get.parameters).toEqual([
      { name: 'limit', in: 'query', required: false, schema: { type: 'number', maximum: 100, default: 20 } },
      {
        name: 'tag',
        in: 'query',
        required: true,
        description: 'Only these',
        schema: { type: 'string', description: 'Only these' },
      },
    ]);
    expect(api.paths['/api/products/{id}'].get.parameters).toMatchObject([
      { name: 'id', in: 'path', required: true, schema: { format: 'uuid' } },
    ]);
  });

  it('shows bodies as clients send them and answers as clients get them, named schemas once', () => {
    const { post, get } = api.paths['/api/products'];

    expect(post.requestBody.content['application/json'].schema.required).toEqual(['price']);
    expect(post.responses['201'].content['application/json'].schema).toEqual({ $ref: '#/components/schemas/Product' });
    expect(get.responses['200'].content['application/json'].schema.items).toEqual({
      $ref: '#/components/schemas/Product',
    });
    expect(api.components.schemas.Product.properties.made_at).toEqual({ type: 'string', format: 'date-time' });
    expect(Object.keys(api.paths['/api/products/{id}/file'].put.requestBody.content)).toEqual([
      'application/x-www-form-urlencoded',
      'multipart/form-data',
    ]);
    expect(api.paths['/api/products/hook'].post.requestBody.content).toEqual({ '*/*': { schema: {} } });
  });

  it('shows who may call', () => {
    expect(api.components.securitySchemes.bearer).toEqual({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
    expect(api.paths['/api/products'].get.security).toBeUndefined();
    expect(api.paths['/api/products'].post.security).toEqual([{ bearer: [] }]);
    expect(api.paths['/api/products/{id}'].get.security).toEqual([{}, { bearer: [] }]);
    expect(api.paths['/api/products/{id}/file'].put['x-requires']).toEqual({ scope: 'a:b' });
  });

  it('shows the problems that a route can answer with', () => {
    const statuses = (path: string, method: string) => Object.keys(api.paths[path][method].responses);

    expect(statuses('/api/products', 'post')).toEqual(['201', '401', '422', '429', 'default']);
    expect(statuses('/api/products/{id}', 'delete')).toEqual(['204', '401', '403', '404', '429', 'default']);
    expect(statuses('/api/products/hook', 'post')).not.toContain('429');
    expect(api.paths['/api/products'].post.responses['422'].content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
  });

  it('resolves every reference, also of schemas that refer to themselves', () => {
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1],
    );

    expect(references.length).toBeGreaterThan(4);
    for (const name of references) expect(Object.keys(api.components.schemas)).toContain(name);
    expect(JSON.stringify(api)).not.toMatch(/\$defs|"\$ref":"#"/);
  });

  it('says of plain routers what is known', () => {
    expect(Object.keys(api.paths['/api/own/plain/{x}']).sort()).toEqual(['delete', 'get', 'patch', 'post', 'put']);
    expect(api.paths['/api/own/plain/{x}'].get).toMatchObject({
      operationId: 'get_api_own_plain_x',
      tags: ['plain'],
      parameters: [{ name: 'x', in: 'path', required: true, schema: { type: 'string' } }],
    });
  });

  it('carries words and ids', () => {
    expect(api.paths['/api/products'].get).toMatchObject({
      summary: 'List',
      tags: ['products'],
      operationId: 'get_api_products',
    });
    expect(api.paths['/api/products/{id}'].delete).toMatchObject({ description: 'For good', deprecated: true });
    expect(api.paths['/api/products/hook'].post.operationId).toBe('hook');
  });
});
