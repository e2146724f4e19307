import type { Service } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseServices } from '../service/setup/fresh-service.js';
import { openShop } from './shop.js';

interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  security?: unknown[];
  parameters?: Array<{ name: string; in: string; required?: boolean; schema: object }>;
  requestBody?: { required?: boolean; content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: unknown }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas?: Record<string, unknown>;
    securitySchemes?: Record<string, { type: string; scheme?: string }>;
  };
}

let service: Service;
let document: Document;

beforeAll(async () => {
  service = openShop();
  await service.ready();
  const response = await service.inject('/openapi.json');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/json/);
  document = (await response.json()) as Document;
});
afterAll(releaseServices);

function operations(): Array<{ where: string; path: string; operation: Operation }> {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      where: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );
}

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 and names the service', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: 'shop', version: '3.2.1', description: 'Sells items.' });
  });

  it('lists the routes of the kernel and of the service', () => {
    const listed = operations().map(({ where }) => where);

    expect(listed).toEqual(
      expect.arrayContaining([
        'GET /api/v1/items',
        'POST /api/v1/items',
        'GET /api/v1/items/{id}',
        'POST /api/v1/auth/register',
        'POST /api/v1/auth/login',
        'POST /api/v1/auth/refresh',
        'GET /api/v1/auth/me',
        'POST /api/v1/auth/change-password',
        'POST /api/v1/auth/logout',
        'GET /healthz',
        'GET /readyz',
        'GET /metrics',
      ]),
    );
  });

  it('is valid: every operation has unique id and responses, every path parameter is declared', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids.filter(Boolean)).size).toBe(ids.length);
    for (const { where, path, operation } of operations()) {
      expect(Object.keys(operation.responses).length, where).toBeGreaterThan(0);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(status, where).toMatch(/^(default|[1-5](\d\d|XX))$/);
        expect(response.description, where).toBeTypeOf('string');
      }
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name).sort(), where).toEqual(inPath.sort());
      for (const parameter of declared) expect(parameter.required, where).toBe(true);
      expect(path, 'templates are written {name}').not.toContain(':');
    }
  });

  it('resolves each of its references', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target ?? '');
    for (const reference of references) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });

  it('describes inputs by the schemas that check them', () => {
    const list = document.paths['/api/v1/items']?.get;
    const create = document.paths['/api/v1/items']?.post;

    expect(list?.summary).toBe('All items');
    expect(list?.tags).toEqual(['shop']);
    expect(list?.parameters).toContainEqual(
      expect.objectContaining({ name: 'limit', in: 'query', schema: expect.objectContaining({ maximum: 100 }) }),
    );
    expect(JSON.stringify(create?.requestBody)).toMatch(/"maxLength":40/);
    expect(create?.responses).toHaveProperty('201');
    expect(create?.responses).toHaveProperty('422');
  });

  it('asks for a bearer token exactly where one is needed', () => {
    expect(Object.values(document.components.securitySchemes ?? {})).toContainEqual(
      expect.objectContaining({ type: 'http', scheme: 'bearer' }),
    );
    expect(document.paths['/api/v1/items/mine']?.get?.security?.length).toBeGreaterThan(0);
    expect(document.paths['/api/v1/items']?.get?.security ?? []).toHaveLength(0);
    expect(document.paths['/api/v1/auth/me']?.get?.security?.length).toBeGreaterThan(0);
  });

  it('offers only routes that answer', async () => {
    for (const { where, path } of operations().filter((entry) => entry.where.startsWith('GET '))) {
      const response = await service.inject(path.replace(/\{\w+\}/g, 'x'));
      if (response.status === 404) expect(path, where).toContain('{');
      expect(response.status, where).not.toBe(405);
    }
  });
});
