import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRouter,
  HttpError,
  type ServiceOptions,
  sse,
  TaskCancelled,
  TaskStream,
  TestApiClient,
  TestReport,
} from 'app-kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { eventually, login, problemOf, type Send, sendOver, signUp } from './setup/http-calls.js';

afterEach(releaseServices);

const ADMIN = { email: 'root@example.com', password: 'admin-of-the-tests' };

const events = (text: string): Array<Record<string, unknown>> =>
  [...text.matchAll(/^data: (.+)$/gm)].map(([, json = '']) => JSON.parse(json));

/** An API with something quick, something that fails and something that takes long. */
function widgets() {
  const undone: unknown[] = [];
  const router = createRouter({ prefix: '/widgets' });
  router.post('/', { auth: 'user', body: z.object({ name: z.string() }), status: 201 }, ({ body }) => ({
    id: 'w1',
    ...body,
  }));
  router.post('/build', { auth: 'user', body: z.object({ seconds: z.number() }) }, ({ body }) =>
    sse(build(body.seconds, undone)),
  );
  return { router, undone };
}

async function* build(seconds: number, undone: unknown[]) {
  await using stream = new TaskStream('build');
  try {
    yield stream.log('building');
    stream.onCancel(() => void undone.push(stream.cancelTokens));
    await stream.cancellable(new Promise((resolve) => setTimeout(resolve, seconds * 1_000)));
    yield stream.event('urls', { endpoints: ['a'] });
    yield stream.complete(true, { result: { version: 7 } });
  } catch (error) {
    if (!(error instanceof TaskCancelled)) throw error;
    await stream.runCleanups();
    yield stream.complete(false, { error: 'Cancelled by user' });
  }
}

class WidgetClient extends TestApiClient {
  create(name: unknown) {
    return this.post('/widgets', { json: { name } });
  }
}

const seen: Array<{ baseUrl: string; authToken: string }> = [];

async function* runFunctionalTests(baseUrl: string, authToken: string) {
  seen.push({ baseUrl, authToken });
  await using stream = new TaskStream('functional-test');
  yield stream.taskIdEvent();
  const api = new WidgetClient(baseUrl, authToken, { outerTask: stream });
  const report = new TestReport();
  await report.run('create a widget', async () => (await api.create('test')).id === 'w1');
  await report.run('refuse a nameless one', async () => {
    const error = await api.create(7).catch((fault: unknown) => fault);
    return error instanceof HttpError && error.status === 422;
  });
  yield stream.log(report.summaryLine());
  yield stream.complete(report.allPassed, { report: report.toDict() });
}

/** Runs something that takes a minute unless it is cancelled. */
async function* runLongTests(baseUrl: string, authToken: string) {
  await using stream = new TaskStream('long-test');
  yield stream.log('begun');
  const api = new TestApiClient(baseUrl, authToken, { outerTask: stream });
  const outcome = await api.streamPost('/widgets/build', { json: { seconds: 60 } });
  yield stream.event('inner', { outcome });
  const next = await api.get('/auth/me').catch((error: unknown) => error);
  yield stream.complete(false, { next: next instanceof TaskCancelled });
}

async function open(options: Partial<ServiceOptions> = {}): Promise<{ send: Send; port: number; undone: unknown[] }> {
  const { router, undone } = widgets();
  const testRunners = [runFunctionalTests, runLongTests];
  const service = await startedService({ routers: [router], admin: ADMIN, testRunners, ...options });
  await service.listen(0, '127.0.0.1');
  return { send: sendOver(`http://127.0.0.1:${service.port}`), port: service.port, undone };
}

const admin = async (send: Send) => (await login(send, ADMIN.email, { password: ADMIN.password })).headers;

describe('a self-test', () => {
  it('runs for an admin alone, and streams its report', async () => {
    const { send } = await open();
    const path = '/test/functional-tests';
    await problemOf(await send(path, { method: 'POST' }), 401);
    const { headers } = await signUp(send);
    await problemOf(await send(path, { method: 'POST', headers }), 403);
    const response = await send(path, { method: 'POST', headers: await admin(send) });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const said = events(await response.text());
    expect(said[0]).toMatchObject({ type: 'task_id', task_id: expect.stringMatching(/^functional-test-/) });
    expect(said.at(-1)).toMatchObject({
      type: 'complete',
      success: true,
      report: { summary: { total_tests: 2, passed: 2, success_rate: '100.0%' } },
    });
  });

  it('calls the service itself, wherever the Host header and its kin lead', async () => {
    const { send, port } = await open({ trustProxy: 1 });
    const caught: unknown[] = [];
    const thief = createServer((_request, response) => {
      caught.push(1);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await eventually(() => thief.listening, 'the other server');
    const host = `127.0.0.1:${(thief.address() as AddressInfo).port}`;
    const { authorization } = await admin(send);
    seen.length = 0;
    const headers = { authorization, host, 'x-forwarded-host': host, forwarded: `host=${host}` };
    const call = request({ host: '127.0.0.1', port, path: '/test/functional-tests', method: 'POST', headers }).end();
    const text = await new Promise<string>((resolve, reject) => {
      call.once('error', reject).once('response', async (response) => {
        let all = '';
        for await (const part of response) all += part;
        resolve(all);
      });
    });
    thief.close();
    expect(events(text).at(-1)).toMatchObject({ success: true });
    expect(seen).toEqual([{ baseUrl: `http://127.0.0.1:${port}/api/v1`, authToken: authorization.slice(7) }]);
    expect(caught).toEqual([]);
  });

  it('hands its cancellation and the tokens on to the task it waits for, which clears up', async () => {
    const { send, undone } = await open();
    const headers = await admin(send);
    const response = await send('/test/long-tests', { method: 'POST', headers });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = '';
    const read = async () => {
      const { done, value } = await reader.read();
      text += value ? Buffer.from(value).toString() : '';
      return !done;
    };
    while (!text.includes('begun')) await read();
    const taskId = String(events(text)[0]?.task_id);
    await send(`/api/v1/tasks/${taskId}/cancel`, { method: 'POST', headers: { ...headers, 'X-DO-Token': 'canary' } });
    while (await read());
    const [inner, last] = events(text).slice(-2);
    expect(inner?.outcome).toMatchObject({
      success: false,
      error: 'Cancelled by user',
      _logs: [expect.stringContaining('building')],
      _inner_task_id: expect.stringMatching(/^build-/),
    });
    expect(last).toMatchObject({ type: 'complete', success: false, next: true });
    expect(undone).toEqual([{ 'x-do-token': 'canary' }]);
  });

  it('says that it needs a port where it was asked for without one', async () => {
    const service = await startedService({ admin: ADMIN, testRunners: [runFunctionalTests] });
    const headers = await admin((path, init) => service.inject(path, init));
    await problemOf(await service.inject('/test/functional-tests', { method: 'POST', headers }), 400);
  });
});

describe('the client of a self-test', () => {
  it('gathers what a stream has said, or how it was refused', async () => {
    const { send, port } = await open();
    const { accessToken } = await login(send, ADMIN.email, { password: ADMIN.password });
    const api = new TestApiClient(`http://127.0.0.1:${port}/api/v1/`, accessToken);
    expect(await api.streamPost('/widgets/build', { json: { seconds: 0 } })).toEqual({
      success: true,
      error: null,
      task_id: expect.stringMatching(/^build-/),
      result: { version: 7 },
      urls: { type: 'urls', endpoints: ['a'] },
      _logs: [expect.stringMatching(/building$/)],
      _inner_task_id: expect.stringMatching(/^build-/),
    });
    const refused = await api.streamPost('/widgets/build', { json: {} });
    expect(refused).toMatchObject({ success: false, error: expect.stringMatching(/^HTTP 422: \{/) });
    expect(await api.get<{ email: string }>('/auth/me')).toMatchObject({ email: ADMIN.email });
    await expect(api.get('/nowhere', { query: { a: 1, b: null } })).rejects.toMatchObject({ status: 404 });
    await expect(api.get('/../../docs')).rejects.toThrow(
      /^GET \/\.\.\/\.\.\/docs answered no JSON, but \d+ characters/,
    );
    await expect(api.get('@example.com/')).rejects.toThrow(/begin it with a slash/);
  });
});
