import { Entity, Field, Model } from 'app-kernel/orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshService, releaseServices } from '../../service/setup/fresh-service.js';
import { eventually, json, login, problemOf, type Send, sendTo, signUp } from '../../service/setup/http-calls.js';

@Entity({ table: 'db_route_rows' })
class Row extends Model {
  @Field({ type: 'string' }) text!: string;
}

const ADMIN = { email: 'root@example.com', password: 'three blue lanterns 77' };
const BASE = '/api/v1/admin/db';

describe('the database routes', () => {
  let send: Send;
  let authorization: string;
  const get = async (path: string) =>
    (await send(`${BASE}${path}`, { headers: { authorization } })).json() as Promise<Record<string, unknown>>;
  const post = (path: string, body: object = {}) => send(`${BASE}${path}`, json(body, { headers: { authorization } }));
  const posted = async (path: string, body: object = {}) =>
    (await post(path, body)).json() as Promise<Record<string, unknown>>;

  beforeAll(async () => {
    const service = freshService({ entities: [Row], admin: ADMIN });
    await service.ready();
    send = sendTo(service);
    authorization = (await login(send, ADMIN.email, ADMIN)).headers.authorization;
  });
  afterAll(releaseServices);

  it('are for admins alone', async () => {
    const user = await signUp(send, 'someone@example.com');
    const routes: Array<[string, string]> = [
      ['GET', '/migrations'],
      ['GET', '/migrations/abc'],
      ['GET', '/backups'],
      ['GET', '/schema/orphans'],
      ['POST', '/backup'],
      ['POST', '/backfill'],
      ['POST', '/restore/full'],
      ['POST', '/restore/csv'],
      ['POST', '/restore/revert'],
    ];
    for (const [method, path] of routes) {
      expect((await send(`${BASE}${path}`, { method })).status, `${method} ${path}`).toBe(401);
      const refused = await send(`${BASE}${path}`, { method, headers: user.headers });
      expect(await problemOf(refused, 403)).toMatchObject({ detail: 'Admin access required' });
    }
  });

  it('tell of migrations', async () => {
    const { migrations } = (await get('/migrations')) as { migrations: Array<{ schema_hash: string }> };
    expect(migrations).toEqual([
      { id: 1, schema_hash: expect.any(String), applied_at: expect.any(String), operation_count: expect.any(Number) },
    ]);
    const hash = migrations[0]?.schema_hash;
    expect(await get(`/migrations/${hash}`)).toMatchObject({
      schema_hash: hash,
      operations: expect.arrayContaining([{ sql: expect.any(String), params: [], desc: expect.any(String) }]),
      audit_file: expect.stringMatching(/^migrations_audit\/\d{8}_\d{6}_[0-9a-f]{8}\.sql$/),
    });
    await problemOf(await send(`${BASE}/migrations/nope`, { headers: { authorization } }), 404);
    expect(await get('/schema/orphans')).toMatchObject({ orphan_tables: [], summary: { orphan_table_count: 0 } });
    expect(await posted('/backfill')).toEqual({ status: 'ok', message: 'Backfills completed' });
  });

  it('back up, preview, restore and import', async () => {
    const row = await Row.save({ text: 'old' });
    const backup = await posted('/backup');
    expect(backup).toMatchObject({ status: 'ok', native: true, csv_dir: expect.stringMatching(/^csv_/) });
    const name = backup.csv_dir as string;
    const { restore_points: points } = (await get('/backups')) as { restore_points: object[] };
    expect(points).toEqual([
      expect.objectContaining({ backup_name: name, csv_dir: name, has_migration: true, verification: 'not verified' }),
    ]);
    await Row.update(row.id, { text: 'new' });

    const preview = await posted('/restore/full', { backup_name: name });
    expect(preview).toMatchObject({ dry_run: true, backup: name, tables: expect.arrayContaining(['db_route_rows']) });
    expect(await posted('/restore/csv', { backup_name: name, table_names: ['db_route_rows'] })).toEqual({
      dry_run: true,
      tables: ['db_route_rows'],
      backup: name,
      message: 'Set confirm=true to execute.',
    });
    expect((await Row.getOrThrow(row.id)).text).toBe('new');

    expect(await posted('/restore/csv', { backup_name: name, table_names: ['db_route_rows'], confirm: true })).toEqual({
      status: 'ok',
      results: { db_route_rows: 'ok' },
      source: name,
    });
    expect((await Row.getOrThrow(row.id)).text).toBe('old');

    await Row.save({ text: 'late' });
    const restored = await posted('/restore/full', { backup_name: name, confirm: true });
    expect(restored).toMatchObject({
      status: 'ok',
      restored_from: name,
      safety_backup: expect.stringMatching(/^csv_/),
      lost: [],
    });
    expect((await Row.find()).map(({ text }) => text)).toEqual(['old']);
  });

  it('row 29: refuse writes with 503 and a second restore with 409 while one runs', async () => {
    await Row.saveMany(Array.from({ length: 3_000 }, (_, at) => ({ text: `row ${at}` })));
    const name = (await posted('/backup')).csv_dir as string;
    let done = false;
    const first = post('/restore/full', { backup_name: name, confirm: true }).finally(() => {
      done = true;
    });
    const statuses: number[] = [];
    const note = ({ status }: { status: number }): void => void (done || statuses.push(status));
    while (!done) {
      note(await post('/restore/csv', { backup_name: name, table_names: ['db_route_rows'], confirm: true }));
      const isRunning = statuses.includes(503); // before, the second one might be the first to begin
      if (isRunning) note(await post('/restore/full', { backup_name: name, confirm: true }));
    }
    expect((await first).status).toBe(200);
    expect(statuses).toEqual(expect.arrayContaining([409, 503]));
  });

  it('revert a table', async () => {
    const row = await Row.save({ text: 'before' });
    const then = row.createdAt.toISOString();
    await eventually(() => Date.now() > row.createdAt.getTime(), 'the next millisecond');
    await Row.update(row.id, { text: 'after' });
    const request = { table_name: 'db_route_rows', target_time: then };
    expect(await posted('/restore/revert', request)).toMatchObject({ dry_run: true, target_time: then });
    expect(await posted('/restore/revert', { ...request, confirm: true })).toMatchObject({
      status: 'ok',
      result: { restored: 1, soft_deleted: 0, target_time: then },
    });
    expect((await Row.getOrThrow(row.id)).text).toBe('before');
    await problemOf(await post('/restore/revert', { ...request, table_name: 'sqlite_master' }), 404);
    await problemOf(await post('/restore/revert', { ...request, target_time: 'yesterday' }), 422);
    await problemOf(await post('/restore/revert', { ...request, target_time: '2999-01-01T00:00:00Z' }), 422);
  });

  it('answer 4xx for names that lead elsewhere, and for backups that are not there', async () => {
    const names = ['../etc', '..', '%2e%2e%2f', 'a\0b', '/etc/passwd', 'csv_20260101_000000_abcdefgh', 'CSV_', '.'];
    for (const backup_name of names) {
      for (const route of ['/restore/full', '/restore/csv'])
        await problemOf(await post(route, { backup_name, confirm: true }), 422);
    }
    await problemOf(await post('/restore/full', { backup_name: 'csv_20260101_000000_abcdef01' }), 404);
    const { csv_dir: name } = await posted('/backup');
    const tables = { backup_name: name, table_names: ['../db_route_rows'], confirm: true };
    expect((await problemOf(await post('/restore/csv', tables), 404)).detail).toMatch(/^CSVs not found for/);
  });
});
