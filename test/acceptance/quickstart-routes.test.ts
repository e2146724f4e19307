import type { Service } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQuickstart } from '../../examples/quickstart/service.js';
import { freshFolder, releaseServices, sqliteUrl, track } from '../service/setup/fresh-service.js';
import { json, login, problemOf, type Send, type SignedIn, sendTo, signUp } from '../service/setup/http-calls.js';
import { KeptLog } from '../service/setup/kept-log.js';

const PRODUCTS = '/api/v1/products';
const ADMIN = { email: 'root@example.com', password: 'tour-of-the-house' };

let service: Service;
let send: Send;
let ada: SignedIn;
let eve: SignedIn;
let admin: SignedIn;

beforeAll(async () => {
  const folder = freshFolder();
  const logger = new KeptLog();
  service = track(
    createQuickstart({ admin: ADMIN, databaseUrl: sqliteUrl(folder), dataDir: folder, rootDir: folder, logger }),
  );
  await service.ready();
  send = sendTo(service);
  ada = await signUp(send, 'ada@example.com');
  eve = await signUp(send, 'eve@example.com');
  admin = await login(send, ADMIN.email, { password: ADMIN.password });
});
afterAll(releaseServices);

async function createProduct(name: string): Promise<{ id: string; price: number }> {
  const response = await send(PRODUCTS, json({ name, price: 5 }, { headers: ada.headers }));
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as { id: string; price: number };
}

describe('the quickstart', () => {
  it('lists products publicly, strips nothing it promises and adds nothing it hides', async () => {
    const { id } = await createProduct('Listed');

    const list = (await (await send(`${PRODUCTS}?limit=100`)).json()) as Array<Record<string, unknown>>;

    const row = list.find((product) => product.id === id);
    expect(Object.keys(row ?? {}).sort()).toEqual(
      ['created_at', 'id', 'name', 'price', 'status', 'stock', 'tags', 'version', 'workspace_id'].sort(),
    );
    expect(row?.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('creates for users only, and names what is wrong', async () => {
    await problemOf(await send(PRODUCTS, json({ name: 'X', price: 1 })), 401);
    const problem = await problemOf(await send(PRODUCTS, json({ price: 'x' }, { headers: ada.headers })), 422);
    expect(problem.errors?.map(({ loc }) => loc.join('.')).sort()).toEqual(['body.name', 'body.price']);
  });

  it('answers a second product of the same name with 409', async () => {
    await createProduct('Unique');
    const problem = await problemOf(
      await send(PRODUCTS, json({ name: 'Unique', price: 5 }, { headers: ada.headers })),
      409,
    );
    expect(JSON.stringify(problem)).not.toMatch(/SQLITE|INSERT|UNIQUE constraint/);
  });

  it('lets nobody change or read the history of a product of somebody else', async () => {
    const { id } = await createProduct('Ada’s own');
    const change = { ...json({ price: 1 }, { headers: eve.headers }), method: 'PATCH' };

    await problemOf(await send(`${PRODUCTS}/${id}`, change), 404);
    await problemOf(await send(`${PRODUCTS}/${id}/history`, { headers: eve.headers }), 404);
  });

  it('records who changed what', async () => {
    const { id } = await createProduct('Versioned');
    await send(`${PRODUCTS}/${id}`, { ...json({ price: 9 }, { headers: ada.headers }), method: 'PATCH' });

    const versions = (await (await send(`${PRODUCTS}/${id}/history`, { headers: ada.headers })).json()) as unknown[];

    expect(versions).toMatchObject([
      { version: 2, price: 9, history_user_id: ada.id },
      { version: 1, price: 5, history_user_id: ada.id },
    ]);
  });

  it('deletes for admins only', async () => {
    const { id } = await createProduct('Doomed');
    const url = `${PRODUCTS}/${id}`;

    await problemOf(await send(url, { method: 'DELETE' }), 401);
    await problemOf(await send(url, { method: 'DELETE', headers: ada.headers }), 403);
    expect((await send(url, { method: 'DELETE', headers: admin.headers })).status).toBe(204);
    await problemOf(await send(url, { method: 'DELETE', headers: admin.headers }), 404);
  });

  it('shows the feed of the caller, or the public one', async () => {
    const { id } = await createProduct('In my feed');
    const mine = (await (await send('/api/v1/feed', { headers: ada.headers })).json()) as Array<{ id: string }>;
    const open = (await (await send('/api/v1/feed')).json()) as Array<{ id: string }>;

    expect(mine.map((product) => product.id)).toContain(id);
    expect(open.map((product) => product.id)).not.toContain(id);
  });

  it('answers its own profile in snake_case', async () => {
    const profile = await (await send('/api/v1/profile', { headers: ada.headers })).json();
    expect(profile).toMatchObject({ id: ada.id, email: 'ada@example.com', role: 'user', is_active: true });
  });

  it('serves statistics from the cache', async () => {
    const before = (await (await send('/api/v1/stats')).json()) as { products: number };
    await createProduct('Counted later');
    expect(await (await send('/api/v1/stats')).json()).toEqual(before);
  });

  it('exports in one transaction, five times a minute and caller', async () => {
    const statuses: number[] = [];
    for (let call = 0; call < 6; call++) {
      const response = await send('/api/v1/export', { method: 'POST', headers: eve.headers });
      statuses.push(response.status);
      if (call === 5) expect((await problemOf(response, 429)).code).toBe('E_RATE_LIMITED');
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await send('/api/v1/export', { method: 'POST', headers: ada.headers })).status).toBe(200);
  });
});
