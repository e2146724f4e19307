import { AsyncLocalStorage } from 'node:async_hooks';
import { createRouter, type Service } from 'app-kernel';
import { dbContext, Entity, Field, Model, withActor, withoutTenant } from 'app-kernel/orm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { currentContext } from '../../src/base/context.js';
import { listen } from '../http/support/listen.js';
import { serve } from '../http/support/serve.js';
import { freshService, releaseServices } from '../service/setup/fresh-service.js';

@Entity({ table: 'apart_notes' })
class Note extends Model {
  @Field({ type: 'string', nullable: false }) text!: string;
}

/** A service that notes what comes, says what it carries, and keeps its context for later. */
function notebook(): { service: Service; rows(): Promise<Note[]>; later<T>(work: () => T): T } {
  let kept: ReturnType<typeof AsyncLocalStorage.snapshot> | undefined;
  const router = createRouter();
  router.post('/notes', {}, async () => {
    kept = AsyncLocalStorage.snapshot();
    const { createdBy } = await Note.save({ text: 'noted' });
    const { actor = null, tenantId, logFields = null } = currentContext();
    return { createdBy: createdBy ?? null, actor, hasTenant: tenantId !== undefined, logFields };
  });
  const service = freshService({
    entities: [Note],
    routers: [router],
    tasks: { note: async () => void (await Note.save({ text: 'by a job' })) },
  });
  return {
    service,
    rows: () => Note.find({ db: service.kernel.database }),
    later: (work) => {
      if (!kept) throw new Error('Nothing came yet');
      return kept(work);
    },
  };
}

const POST = { method: 'POST' };
const CARRIES_NOTHING = { createdBy: null, actor: null, hasTenant: false, logFields: null };

afterEach(releaseServices);

describe('a request carries nothing of the code that', () => {
  it('injects it: no actor, no tenant, no transaction of another service', async () => {
    const [left, right] = [notebook(), notebook()];
    await left.service.ready();
    await right.service.ready();

    const answer = await withActor({ id: 'ann-of-left' }, () =>
      withoutTenant(() =>
        dbContext(() => right.service.inject('/api/v1/notes', POST), { db: left.service.kernel.database }),
      ),
    );

    expect(await answer.json()).toEqual(CARRIES_NOTHING);
    expect((await right.rows()).map(({ text }) => text)).toEqual(['noted']);
    expect(await left.rows()).toEqual([]);
  });

  it('made the service listen', async () => {
    const { service } = notebook();
    await service.ready();
    await withActor({ id: 'starter' }, () => withoutTenant(() => service.listen(0, '127.0.0.1')));

    const answer = await fetch(`http://127.0.0.1:${service.port}/api/v1/notes`, POST);

    expect(await answer.json()).toEqual(CARRIES_NOTHING);
  });
});

it('a request to an application of its own carries nothing of the code that made its server listen', async () => {
  const router = createRouter();
  router.get('/carried', {}, () => {
    const { actor = null, tenantId, logFields = null } = currentContext();
    return { createdBy: null, actor, hasTenant: tenantId !== undefined, logFields };
  });
  await using server = await withActor({ id: 'starter' }, () => withoutTenant(() => listen(serve([router]))));

  expect(await (await fetch(`${server.url}/carried`)).json()).toEqual(CARRIES_NOTHING);
});

it('a worker carries nothing of the code that started it: its rows go to its own database', async () => {
  const [left, right] = [notebook(), notebook()];
  await left.service.ready();
  await withActor({ id: 'starter' }, () =>
    dbContext(() => right.service.ready(), { db: left.service.kernel.database }),
  );

  await right.service.kernel.jobs.enqueue('note', {});

  await vi.waitFor(async () => expect((await right.rows()).map(({ text }) => text)).toEqual(['by a job']), 5000);
  expect((await right.rows())[0]?.createdBy ?? null).toBeNull();
  expect(await left.rows()).toEqual([]);
});

describe('work that outlives its service', () => {
  it('is refused, and does not reach the database of another', async () => {
    const [other, own] = [notebook(), notebook()];
    await other.service.ready();
    await own.service.inject('/api/v1/notes', POST);
    await own.service.close();

    await expect(own.later(() => Note.save({ text: 'too late' }))).rejects.toMatchObject({ code: 'E_CONNECTION' });
    await expect(own.later(() => dbContext(() => 'too late'))).rejects.toMatchObject({ code: 'E_CONNECTION' });
    expect(await other.rows()).toEqual([]);
  });
});
