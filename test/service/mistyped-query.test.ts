import { createRouter } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, expect, it } from 'vitest';
import { freshService, releaseServices } from './setup/fresh-service.js';
import { KeptLog } from './setup/kept-log.js';

@Entity({ table: 'mistyped_notes' })
class Note extends Model {
  @Field({ type: 'string' }) title?: string | null;
}

const router = createRouter();
router.get('/mistyped', {}, () => Note.find({ where: '[titel] = ?', params: ['a'] }));
router.get('/unreadable', {}, () => Note.find({ where: '(title = ?', params: ['a'] }));
router.get('/filtered', {}, ({ ctx }) => Note.find({ where: { [String(ctx.query.by)]: 'a' } as never }));
router.get('/sorted', {}, ({ ctx }) => Note.find({ orderBy: String(ctx.query.by) }));

afterEach(releaseServices);

it('a mistake in the SQL of a program is answered with 500 and logged; a field that a client names is not', async () => {
  const logger = new KeptLog();
  const service = freshService({ entities: [Note], routers: [router], logger });
  await service.ready();
  const ask = async (path: string) => {
    const response = await service.inject(`/api/v1${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const errors = () => logger.lines.filter(({ fields }) => fields.err).map(({ fields }) => String(fields.err));
  for (const path of ['/filtered?by=titel', '/sorted?by=titel'])
    expect(await ask(path), path).toMatchObject({ status: 422, body: { code: 'E_VALIDATION' } });
  expect(errors()).toEqual([]);
  const { status, body } = await ask('/mistyped');
  expect([status, body.detail, body.errors]).toEqual([500, 'Internal server error', undefined]);
  expect((await ask('/unreadable')).status).toBe(500);
  expect(errors()).toEqual([
    expect.stringMatching(/where: Unknown field "titel" on Note; did you mean "title"/),
    expect.stringMatching(/where: A condition leaves a parenthesis open/),
  ]);
});
