import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger, createRouter, getJobClient } from '../../src/index.js';
import { Entity, Field, Model } from '../../src/orm/index.js';
import { createTestService, type TestService } from '../../src/testing/index.js';

const PASSWORD = 'canary-password-7c1f';
const WRONG_PASSWORD = 'canary-wrong-password-90ab';
const COOKIE = 'canary-cookie-55d0';
const QUERY = 'canary-query-21aa';
const JOB_SECRET = 'canary-job-secret-88f3';
const ROW_VALUE = 'canary-row-value-3e7d';

@Entity({ table: 'canaries' })
class Canary extends Model {
  @Field({ type: 'string', unique: true }) value!: string;
}

const router = createRouter();
router.post('/duplicate', {}, async () => {
  await Canary.save({ value: ROW_VALUE });
  await Canary.save({ value: ROW_VALUE });
});
router.post('/broken-sql', {}, ({ ctx }) => ctx.state.kernel?.database.query('SELECT secret_column FROM canaries'));
router.post('/crash', {}, () => {
  throw new Error('a fault of ours');
});
router.post('/enqueue', {}, () => getJobClient().enqueue('fail', { password: JOB_SECRET }, { maxAttempts: 1 }));

describe('row 56: what nobody may read', () => {
  let test: TestService;
  let logs = '';
  const bodies: string[] = [];
  let tokens: { access_token: string; refresh_token: string };

  async function send(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<string> {
    const answer = await test.inject(`/api/v1${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', cookie: `session=${COOKIE}`, ...headers },
    });
    const text = await answer.text();
    bodies.push(text);
    return text;
  }

  beforeAll(async () => {
    const destination = new Writable({
      write(chunk, _encoding, done) {
        logs += String(chunk);
        done();
      },
    });
    let failed: () => void = () => {};
    const hasFailed = new Promise<void>((resolve) => {
      failed = resolve;
    });
    test = await createTestService({
      logger: createLogger({ level: 'trace', destination }),
      entities: [Canary],
      routers: [router],
      rateLimitAnonymousRpm: 1000,
      tasks: {
        fail: (data: { password: string }) => {
          failed();
          throw new Error(`cannot reach postgresql://app:${data.password}@db/app`);
        },
      },
    });
    const account = { username: 'canary@example.com', email: 'canary@example.com', password: PASSWORD };
    await send('/auth/register', account);
    tokens = JSON.parse(await send('/auth/login', account));
    bodies.length = 0; // the login's own answer is the one place for tokens
    await send('/auth/login', { ...account, password: WRONG_PASSWORD });
    await send(
      '/auth/change-password',
      { old_password: WRONG_PASSWORD, new_password: PASSWORD },
      {
        authorization: `Bearer ${tokens.access_token}`,
      },
    );
    for (const path of ['/duplicate', '/broken-sql', '/crash', '/enqueue']) {
      await send(`${path}?access_token=${QUERY}`, {}, { authorization: `Bearer ${tokens.access_token}` });
    }
    await hasFailed;
    await test.service.kernel.close();
  });
  afterAll(() => test.close());

  it('is in no log line', () => {
    expect(logs).toContain('The request failed');
    expect(logs).toContain('Job failed for good');
    const secrets = [PASSWORD, WRONG_PASSWORD, COOKIE, QUERY, JOB_SECRET, ROW_VALUE];
    for (const secret of [...secrets, tokens.access_token, tokens.refresh_token]) expect(logs).not.toContain(secret);
  });

  it('is in no answer: neither secrets nor stacks nor SQL', () => {
    const all = bodies.join('\n');
    expect(all).toContain('E_INTERNAL');
    for (const secret of [PASSWORD, WRONG_PASSWORD, COOKIE, QUERY, ROW_VALUE]) expect(all).not.toContain(secret);
    expect(all).not.toMatch(/\bat .+:\d+:\d+|SELECT |INSERT |secret_column|node_modules|a fault of ours/);
  });

  it('is in no metric', async () => {
    const metrics = await test.service.kernel.metrics.render();
    expect(metrics).toContain('/api/v1/duplicate');
    for (const secret of [PASSWORD, COOKIE, QUERY, JOB_SECRET, ROW_VALUE, 'canary@'])
      expect(metrics).not.toContain(secret);
  });
});

describe('row 64: cross-site requests', () => {
  it('find no cookie to ride on: sign-in sets none', async () => {
    const test = await createTestService();
    try {
      const account = { username: 'ada@example.com', email: 'ada@example.com', password: PASSWORD };
      for (const path of ['register', 'login']) {
        const answer = await test.inject(`/api/v1/auth/${path}`, {
          method: 'POST',
          body: JSON.stringify(account),
          headers: { 'content-type': 'application/json' },
        });
        expect(answer.ok).toBe(true);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    } finally {
      await test.close();
    }
  });
});
