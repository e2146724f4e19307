import { createApiKey, createRouter, type Service, sse, TaskStream } from 'app-kernel';
import { afterEach, expect, it } from 'vitest';
import { sleep } from '../../src/base/sleep.js';
import { freshFolder, releaseServices, sqliteUrl, startedService } from '../service/setup/fresh-service.js';
import { login, type Send, sendOver, signUp } from '../service/setup/http-calls.js';
import { freshPrefix, REDIS_BACKENDS, removeKeys } from '../setup/servers.js';

afterEach(releaseServices);

/** What each gets: of cancel, of status (its `state`, where there is one), of events. */
type Verdict = readonly [cancel: number, status: number, state: string | undefined, events: number];
const THEIRS: Verdict = [200, 200, 'running', 200];
const FOREIGN: Verdict = [404, 200, 'unknown', 404];
const NOBODY: Verdict = [401, 401, undefined, 401];

const EXPECTED: Readonly<Record<string, { ofAnn: Verdict; ofNobody: Verdict }>> = {
  'the owner': { ofAnn: THEIRS, ofNobody: FOREIGN },
  'a key of the owner': { ofAnn: THEIRS, ofNobody: FOREIGN },
  'a narrow key of the owner': { ofAnn: [403, 403, undefined, 403], ofNobody: [403, 403, undefined, 403] },
  'an admin': { ofAnn: THEIRS, ofNobody: THEIRS },
  'a stranger': { ofAnn: FOREIGN, ofNobody: FOREIGN },
  'somebody disabled': { ofAnn: NOBODY, ofNobody: NOBODY },
  anonymous: { ofAnn: NOBODY, ofNobody: NOBODY },
};

async function* running(): AsyncGenerator<string> {
  await using stream = new TaskStream('running');
  yield stream.log('begun');
  await stream.cancellable((signal) => sleep(120_000, signal));
}

async function listening(service: Service): Promise<Send> {
  await service.listen(0, '127.0.0.1');
  return sendOver(`http://127.0.0.1:${service.port}`);
}

/** Begins a task and answers its id; it runs on. */
async function begun(send: Send, path: string, headers: Record<string, string>): Promise<string> {
  const response = await send(path, { method: 'POST', headers });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  while (!/"task_id":"[^"]+"/.test(text)) text += new TextDecoder().decode((await reader.read()).value);
  void reader.cancel();
  return /"task_id":"([^"]+)"/.exec(text)?.[1] ?? '';
}

async function verdictOf(send: Send, taskId: string, headers: Record<string, string>): Promise<Verdict> {
  const ask = (verb: string, method = 'GET'): Promise<Response> =>
    send(`/api/v1/tasks/${taskId}/${verb}`, { method, headers });
  const status = await ask('status');
  const events = await ask('events');
  await events.body?.cancel();
  const { state } = (await status.json()) as { state?: string };
  return [(await ask('cancel', 'POST')).status, status.status, status.ok ? state : undefined, events.status];
}

for (const { name, url } of REDIS_BACKENDS) {
  it(`a task is open to its owner and to admins, from any instance (${name})`, { timeout: 120_000 }, async () => {
    const redisNamespace = freshPrefix();
    const router = createRouter();
    const begin = () => sse(running(), { keepRunning: true });
    router.post('/mine', { auth: 'user' }, begin);
    router.post('/nobodys', {}, begin);
    const options = {
      jwtSecret: 'a-secret-of-32-characters-or-more',
      databaseUrl: sqliteUrl(freshFolder()),
      routers: [router],
      rateLimitAuthenticatedRpm: 10_000,
      rateLimitAnonymousRpm: 10_000,
      shutdownTimeoutMs: 3_000,
      ...(url && { redisUrl: url, redisNamespace }),
    };
    const one = await startedService(options);
    const send = await listening(one);
    const other = url ? await listening(await startedService(options)) : send;
    const { userStore } = one.kernel;

    const ann = await signUp(send, 'ann@example.com');
    const boss = await signUp(send, 'boss@example.com');
    const off = await signUp(send, 'off@example.com');
    const stranger = await signUp(send, 'eve@example.com');
    await userStore.setRole?.(boss.id, 'admin');
    await userStore.setActive?.(off.id, false);
    const keyOf = async (scopes: string[]): Promise<Record<string, string>> => ({
      authorization: `Bearer ${(await createApiKey(ann.id, null, { name: scopes.join(), scopes })).key}`,
    });
    const callers: Record<string, Record<string, string>> = {
      'the owner': ann.headers,
      'a key of the owner': await keyOf(['*']),
      'a narrow key of the owner': await keyOf(['nothing:here']),
      'an admin': (await login(send, 'boss@example.com')).headers,
      'a stranger': stranger.headers,
      'somebody disabled': off.headers,
      anonymous: {},
    };
    expect(Object.keys(callers)).toEqual(Object.keys(EXPECTED));

    for (const [caller, headers] of Object.entries(callers)) {
      const ofAnn = await verdictOf(other, await begun(send, '/api/v1/mine', ann.headers), headers);
      const ofNobody = await verdictOf(other, await begun(send, '/api/v1/nobodys', {}), headers);
      expect({ ofAnn, ofNobody }, caller).toEqual(EXPECTED[caller]);
    }
    if (url) await removeKeys(url, redisNamespace);
  });
}
