import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRouter, quickService, type Service, sse, TaskStream } from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ADMIN, createQuickstart } from '../../examples/quickstart/service.js';
import { generateClient } from '../../src/cli/client/generate-client.js';
import { asDocument } from '../../src/cli/client/openapi-document.js';
import { openApiOf } from '../../src/service/routes/routes-of.js';
import { freshOptions, releaseServices, track } from '../service/setup/fresh-service.js';
import { type CompiledClient, compileClient } from './compiled-client.js';

const compiled: CompiledClient[] = [];

afterEach(async () => {
  for (const client of compiled.splice(0)) client.remove();
  await releaseServices();
});

function compile(text: string, use?: string): CompiledClient {
  const client = compileClient(text, use);
  compiled.push(client);
  return client;
}

async function clientOf(service: Service, use?: string): Promise<CompiledClient> {
  return compile(generateClient(asDocument(await openApiOf(service.kernel), 'the service')), use);
}

async function listening(service: Service): Promise<string> {
  await service.listen(0, '127.0.0.1');
  return `http://127.0.0.1:${service.port}`;
}

/** Two instances that have their own databases differ in nothing a client sees. */
function quickstart(): Service {
  const { name: _, entities: __, ...options } = freshOptions();
  return track(createQuickstart(options));
}

const USE = `
import { ApiClient, ApiError, type Product } from './client.js';

const client = new ApiClient({ baseUrl: 'http://localhost:8000', token: () => undefined });

export async function main(): Promise<void> {
  const product: Product = await client.createProduct({ name: 'Widget', price: 999 });
  const products: Product[] = await client.listProducts({ limit: 5 });
  await client.listProducts();
  await client.updateProduct(product.id, { price: 1299 }, { signal: AbortSignal.timeout(1_000), idempotencyKey: 'k' });
  const nothing: void = await client.deleteProduct(products[0]?.id ?? '');
  for await (const { event, data } of client.streamTaskEvents('t-1')) console.log(event, data, nothing);
  // @ts-expect-error a field that does not exist
  await client.createProduct({ name: 'Widget', price: 999, pricee: 1 });
  // @ts-expect-error a field is missing
  await client.createProduct({ name: 'Widget' });
  // @ts-expect-error of another type
  await client.listProducts({ limit: 'many' });
  // @ts-expect-error the id is missing
  await client.updateProduct({ price: 1299 });
  // @ts-expect-error no such field in the answer
  product.pricee;
}

export function describe(error: unknown): string {
  if (!(error instanceof ApiError)) return 'network';
  return error.code + ': ' + (error.problem.errors ?? []).map(({ loc, msg }) => loc.join('.') + ' ' + msg).join();
}
`;

describe('the client of the quickstart', () => {
  it('compiles strictly in a browser and in Node, and holds its caller to the types', { timeout: 60_000 }, async () => {
    expect((await clientOf(quickstart(), USE)).faults).toEqual([]);
  });

  it('drives it', { timeout: 60_000 }, async () => {
    const service = quickstart();
    const { ApiClient, ApiError } = await (await clientOf(service)).load();
    const baseUrl = await listening(service);
    let token: string | undefined;
    const api = new ApiClient({ baseUrl: `${baseUrl}/`, token: async () => token });

    expect(await api.getHealthz()).toEqual({ status: 'ok' });
    const person = { username: 'ada@example.com', email: 'ada@example.com', password: 'difference-engine' };
    expect(await api.authRegister(person)).toMatchObject({ email: 'ada@example.com' });
    const refused = await api.createProduct({ name: 'Widget', price: 1 }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({
      status: 401,
      code: 'E_UNAUTHENTICATED',
      problem: { request_id: expect.any(String) },
    });
    token = (await api.authLogin({ username: 'ada@example.com', password: 'difference-engine' })).access_token;

    const product = await api.createProduct({ name: 'Widget', price: 999, tags: ['new'] });
    expect(await api.updateProduct(product.id, { price: 1299 })).toMatchObject({ price: 1299, version: 2 });
    expect(await api.listProducts({ limit: 5 })).toHaveLength(1);
    expect(await api.getProductHistory(product.id)).toHaveLength(2);
    const faulty = await api.createProduct({ name: '', price: -1 }).catch((error: unknown) => error);
    expect(faulty.problem.errors.map(({ loc }: { loc: unknown[] }) => loc.join('.'))).toEqual([
      'body.name',
      'body.price',
    ]);
    await expect(api.updateProduct('..', { price: 1 })).rejects.toThrow(TypeError);
    await expect(api.updateProduct('../../../metrics', { price: 1 })).rejects.toMatchObject({ status: 404 });
    await expect(api.deleteProduct(product.id)).rejects.toMatchObject({ status: 403 });

    token = (await api.authLogin({ username: ADMIN.email, password: ADMIN.password })).access_token;
    expect(await api.deleteProduct(product.id)).toBeUndefined();
    expect(await api.getMetrics()).toContain('# HELP');
    expect(await api.welcome()).toMatchObject({ status: 'queued' });
    const [job] = (await api.listJobs({ limit: 1 })).jobs;
    expect(await api.getJob(job.job_id)).toMatchObject({ task: 'send_welcome_email' });
  });
});

function streaming(): Service {
  const router = createRouter({ prefix: '/builds' });
  router.post('/', { body: z.object({ steps: z.number() }), stream: true, auth: 'user' }, ({ body }) =>
    sse(build(body.steps)),
  );
  router.post('/form', { body: z.object({ name: z.string() }), accepts: 'form' }, ({ body }) => body);
  router.post('/files', { accepts: 'multipart' }, ({ files }) => ({ names: Object.keys(files) }));
  router.get(
    '/search',
    { query: z.object({ tag: z.array(z.string()), exact: z.stringbool().optional() }) },
    ({ query }) => query,
  );
  return track(quickService('builds', { ...freshOptions(), routers: [router] }));
}

async function* build(steps: number) {
  await using stream = new TaskStream('build');
  for (let step = 1; step <= steps; step++) yield stream.log(`step ${step}`);
  yield stream.complete(true, { result: steps });
}

describe('the client of a service with streams and forms', () => {
  it('reads events, and sends forms, files and lists', { timeout: 60_000 }, async () => {
    const service = streaming();
    const { faults, load } = await clientOf(service);
    expect(faults).toEqual([]);
    const { ApiClient } = await load();
    const baseUrl = await listening(service);
    const { id } = await service.kernel.userStore.create({ username: 'ada@example.com' });
    const { accessToken: token } = await service.kernel.issueTokens({ id, email: 'ada@example.com', role: 'user' });
    const api = new ApiClient({ baseUrl, token });
    const events: Array<{ event: string; data: { task_id?: string }; id: string }> = [];
    for await (const event of api.createBuild({ steps: 2 })) events.push(event);
    expect(events.map(({ event }) => event)).toEqual(['task_id', 'log', 'log', 'complete']);
    expect(events.at(-1)?.data).toMatchObject({ success: true, result: 2 });

    const again: typeof events = [];
    for await (const event of api.streamTaskEvents(events[0]?.data.task_id)) again.push(event);
    expect(again).toEqual(events);
    await expect(api.streamTaskEvents('no-such-task').next()).rejects.toMatchObject({ status: 404 });

    expect(await api.formBuild({ name: 'a b&c' })).toEqual({ name: 'a b&c' });
    const form = new FormData();
    form.set('report', new Blob(['text']), 'report.txt');
    expect(await api.createBuildFile(form)).toEqual({ names: ['report'] });
    expect(await api.getBuildSearch({ tag: ['a', 'b'], exact: true })).toEqual({ tag: ['a', 'b'], exact: true });
  });

  it('goes on where a stream was cut off, and not with one that has changed something', {
    timeout: 60_000,
  }, async () => {
    const service = streaming();
    const { ApiClient } = await (await clientOf(service)).load();
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers['last-event-id'] ?? null);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (request.method === 'POST') return void response.end('id: 1\ndata: one\n\nretry: 10\n\n');
      if (asked.length === 1)
        return void response.write('id: 1\r\ndata: {"n":', () =>
          response.write('1}\r\n\r\nid: 2\r\ndata: cu', () => response.destroy()),
        );
      if (asked.length === 2) return void response.end('id: 2\ndata: {"n":2}\n\nretry: 10\n\n');
      response.end(':\n\nid: 3\nevent: complete\ndata: {"n":3}\n\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const api = new ApiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const seen: unknown[] = [];
    for await (const { id, event, data } of api.streamTaskEvents('t')) seen.push([id, event, data]);
    expect(seen).toEqual([
      ['1', 'message', { n: 1 }],
      ['2', 'message', { n: 2 }],
      ['3', 'complete', { n: 3 }],
    ]);
    expect(asked).toEqual([null, '1', '2']);
    const posted = async () => {
      for await (const { data } of api.createBuild({ steps: 1 })) seen.push(data);
    };
    await expect(posted()).rejects.toThrow(/stopped before/);
    expect(asked).toHaveLength(4);
    server.close();
  });
});

describe('a client of any document', () => {
  const document = (paths: object, schemas: object = {}) =>
    asDocument(
      { openapi: '3.1.0', info: { title: 't\n*/ evil()', version: '1' }, paths, components: { schemas } },
      'x',
    );
  const answers = (schema: object) => ({ responses: { 200: { content: { 'application/json': { schema } } } } });

  it('writes every kind of schema as a type', { timeout: 60_000 }, async () => {
    const node = {
      type: 'object',
      description: 'Ends */ here',
      properties: {
        next: { anyOf: [{ $ref: '#/components/schemas/node' }, { type: 'null' }] },
        kind: { enum: ['a', 'b', 3, null] },
        'odd-name': { const: true },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: ['integer', 'null'] }] },
        map: { type: 'object', additionalProperties: { type: 'number' } },
        both: {
          allOf: [
            { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
            { type: 'object', properties: { b: {} } },
          ],
        },
        never: { not: {} },
        list: { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'boolean' }] } },
      },
      required: ['next', 'kind', 'pair', 'map', 'both', 'list'],
    };
    const text = generateClient(
      document({ '/nodes/{id}': { get: answers({ $ref: '#/components/schemas/node' }) } }, { node }),
    );
    const use = `
import { ApiClient, type Node } from './client.js';
const node: Node = {
  next: null, kind: 'a', 'odd-name': true, pair: ['a', null], map: { x: 1 }, both: { a: 'x' }, list: ['a', true],
};
export const same: Promise<Node> = new ApiClient({ baseUrl: '' }).getNode('1');
export const inner: Node | null = node.next;
`;
    expect(compile(text, use).faults, text).toEqual([]);
    expect(text).not.toMatch(/^\s*evil/m);
  });

  it('gives methods of one name another one, keeps clear of its own names, and takes the tags that are asked for', {
    timeout: 60_000,
  }, () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } } };
    const paths = {
      '/call': { get: { ...answers(schema), tags: ['b'] } },
      '/constructor': { post: { ...answers({}), tags: ['a'] } },
      '/products/{id}': { get: { ...answers({}), tags: ['a'], operationId: 'find' } },
      '/products/{slug}/x': { get: { ...answers({}), tags: ['a'], operationId: 'find' } },
      '/search': {
        get: {
          ...answers({}),
          operationId: 'find',
          parameters: [{ name: 'q', in: 'query', required: true, schema: { type: 'string' } }],
        },
      },
    };
    const text = generateClient(document(paths));
    expect([...text.matchAll(/^ {2}(\w+)\(.*\{$/gm)].map(([, name]) => name)).toEqual([
      'constructor',
      'constructor',
      'getCall',
      'constructor2',
      'find',
      'findBySlug',
      'find2',
    ]);
    expect(compile(text).faults, text).toEqual([]);
    expect(generateClient(document(paths), { tags: ['b'] })).not.toContain('find');
  });

  it('refuses what is no such document', () => {
    for (const value of [null, 7, {}, { openapi: '2.0', info: {}, paths: {} }])
      expect(() => asDocument(value, 'openapi.json')).toThrow(/openapi\.json is no OpenAPI 3 document/);
  });
});
