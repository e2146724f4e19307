import { Router } from '@koa/router';
import { expect, it } from 'vitest';
import { createRouter } from '../../src/http/index.js';
import { as, serve } from '../http/support/serve.js';

const plain = new Router().get('/shelf/:name', (ctx) => {
  ctx.body = { name: ctx.params.name };
});
plain.get(/^\/drawer\/(.+)$/, (ctx) => {
  ctx.body = { name: ctx.path };
});
const typed = createRouter()
  .get('/account/:tab', { auth: 'user' }, ({ user }) => ({ email: user.email }))
  .get('/files{/*path}', { auth: 'user' }, ({ user }) => ({ email: user.email }))
  .get('/logo.svg', {}, ({ ctx }) => {
    ctx.type = 'svg';
    return '<svg/>';
  });
const { send } = serve([plain, typed], { apiPrefix: '' });
const cacheControl = async (path: string, init = {}) => (await send(path, init)).headers.get('cache-control');

it.each(['/account/a.css', '/account/app-0123456789abcdef.js', '/files/x/y.png', '/shelf/a.css', '/drawer/a.css'])(
  'row 58: a personal answer is not made public by a path that ends like an asset: %s',
  async (path) => {
    expect(await cacheControl(path, as('ann'))).toBe('no-store, max-age=0');
    expect(await cacheControl(path)).toBe('no-store, max-age=0');
  },
);

it('row 58: nor any answer to a request with credentials', async () => {
  expect(await cacheControl('/logo.svg', as('ann'))).toBe('no-store, max-age=0');
  expect(await cacheControl('/logo.svg')).toBe('public, max-age=3600, must-revalidate');
});
