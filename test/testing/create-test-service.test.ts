import { existsSync } from 'node:fs';
import { createRouter, getRedis, isRedisFake, sendEmail } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { createTestService, type TestService } from 'app-kernel/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { signUp } from '../service/setup/http-calls.js';

@Entity({ table: 'test_service_notes' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) text!: string;
}

const opened: TestService[] = [];

afterEach(async () => {
  for (const test of opened.splice(0)) await test.close();
});

async function open(options: Parameters<typeof createTestService>[0] = {}): Promise<TestService> {
  const test = await createTestService(options);
  opened.push(test);
  return test;
}

describe('createTestService', () => {
  it('answers requests without a server, a Redis or a mail server', async () => {
    const router = createRouter();
    router.get('/hello', {}, () => ({ hello: 'world' }));
    const { inject } = await open({ routers: [router] });

    expect(await (await inject('/api/v1/hello')).json()).toEqual({ hello: 'world' });
    expect(isRedisFake()).toBe(true);
  });

  it('lets people sign in, also beside entities of its own', async () => {
    const { inject } = await open({ entities: [Note] });
    expect((await signUp(inject)).id).toBeTypeOf('string');
  });

  it('begins with empty storage every time', async () => {
    for (let round = 0; round < 2; round++) {
      const test = await createTestService({ entities: [Note] });
      await test.service.ready();
      expect(await Note.count()).toBe(0);
      await Note.save({ text: 'left behind' });
      await test.close();
    }
  });

  it('keeps mails instead of sending them', async () => {
    const { service, mails } = await open();
    await service.ready();

    expect(await sendEmail({ to: 'ada@example.com', subject: 'Kept', html: '<p>Hello</p>' })).toBe(true);

    expect(mails()).toMatchObject([{ subject: 'Kept' }]);
  });

  it('leaves neither services nor files behind', async () => {
    const { service, close } = await open();
    await service.ready();
    const { dataDir } = service.kernel.settings.database;

    await close();

    expect(getRedis() === null).toBe(true);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('takes every option of createService', async () => {
    const { inject } = await open({ name: 'renamed', version: '7.0.0', rateLimitAnonymousRpm: 1 });
    expect(await (await inject('/api')).json()).toMatchObject({ service: 'renamed', version: '7.0.0' });
    expect((await inject('/api')).status).toBe(429);
  });

  it('does not look at the environment of the process', async () => {
    const before = process.env.APP_ENV;
    process.env.APP_ENV = 'prod';
    try {
      expect((await (await open()).inject('/healthz')).status).toBe(200);
    } finally {
      if (before === undefined) delete process.env.APP_ENV;
      else process.env.APP_ENV = before;
    }
  });
});
