import { getAudit, getAuditLogs, getEntityAuditHistory, type Service } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runWithContext } from '../../src/base/context.js';
import { eventHubService } from '../../src/telemetry/events/index.js';
import { releaseServices, startedService } from './setup/fresh-service.js';
import { eventually, json, type Send, type SignedIn, sendTo, signUp } from './setup/http-calls.js';

@Entity({ table: 'audit_probe_orders' })
class Order extends Model {
  @Field({ type: 'string' }) title!: string;
  @Field({ type: 'string', index: true }) workspaceId?: string | null;
}

interface Log {
  entity: string;
  entity_id: string;
  action: string;
  status: string;
  user_id: string | null;
  request_id: string | null;
  workspace_id: string | null;
  ip: string | null;
  timestamp: string;
  changes: Record<string, [unknown, unknown]> | null;
}

let service: Service;
let send: Send;
let admin: SignedIn;

beforeEach(async () => {
  const roomy = { rateLimitAuthenticatedRpm: 10_000, rateLimitAdminRpm: 10_000, rateLimitAnonymousRpm: 10_000 };
  service = await startedService({ ...roomy, entities: [Order] });
  send = sendTo(service);
  admin = await signUp(send, 'root@example.com');
  await service.kernel.userStore.setRole?.(admin.id, 'admin');
  await eventually(
    async () => (await send('/api/v1/admin/audit', { headers: admin.headers })).status === 200,
    'the promotion',
  );
});
afterEach(releaseServices);

const settle = async () => service.kernel.services.get(eventHubService)?.settle();
const read = async (path: string, headers = admin.headers) => {
  await settle();
  return send(`/api/v1${path}`, { headers });
};
const logs = async (query: string): Promise<{ logs: Log[]; total: number | null }> => {
  const response = await read(`/admin/audit${query}`);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as { logs: Log[]; total: number | null };
};

describe('the audit log of a service', () => {
  it('has the kernel’s own writes and what happens to accounts, with the request that did it', async () => {
    const wrong = { username: 'root@example.com', password: 'not the password' };
    const refused = await send('/api/v1/auth/login', json(wrong));
    expect(refused.status).toBe(401);
    const { logs: created } = await logs('?entity=kernel_auth_users&action=create');
    expect(created).toMatchObject([{ entity_id: admin.id, request_id: expect.any(String) }]);
    const { logs: promoted } = await logs(`?entity=kernel_auth_users&entity_id=${admin.id}&action=update`);
    expect(promoted.map(({ changes }) => changes?.role)).toContainEqual(['user', 'admin']);
    const { logs: failed } = await logs('?action=auth.login_failed');
    expect(failed).toMatchObject([
      { status: 'failure', entity: 'account', entity_id: admin.id, request_id: refused.headers.get('x-request-id') },
    ]);
    expect((await logs('?action=auth.login')).logs).toMatchObject([{ user_id: admin.id, status: 'success' }]);
    expect(JSON.stringify(await logs(''))).not.toMatch(/not the password|\$2[aby]\$/);
  });

  it('records the use of keys, once a minute', async () => {
    const made = await send('/api/v1/api-keys', json({ name: 'robot' }, { headers: admin.headers }));
    const { key, id } = (await made.json()) as { key: string; id: string };
    for (let use = 0; use < 3; use++) await send('/api/v1/auth/me', { headers: { authorization: `Bearer ${key}` } });
    const { logs: used } = await logs(`?action=api_key.used&entity_id=${id}`);
    expect(used.length).toBeGreaterThanOrEqual(1);
    expect(used.length).toBeLessThanOrEqual(2);
  });

  it('is filtered by all that is given, with real times and true totals', async () => {
    for (let index = 0; index < 5; index++) await Order.save({ title: `t${index}` });
    const all = await logs('?entity=audit_probe_orders&include_count=true&limit=2');
    expect(all).toMatchObject({ total: 5 });
    expect(all.logs).toHaveLength(2);
    const [newest] = all.logs;
    const moment = newest?.timestamp ?? '';
    // The same moment as another zone writes it: a comparison of texts would not find it.
    const elsewhere = new Date(Date.parse(moment) + 2 * 3_600_000).toISOString().replace('Z', '+02:00');
    const since = await logs(`?entity=audit_probe_orders&include_count=true&since=${encodeURIComponent(elsewhere)}`);
    expect(since.total).toBe(since.logs.length);
    expect(since.logs[0]?.timestamp).toBe(moment);
    for (const { timestamp } of since.logs) expect(timestamp >= moment).toBe(true);
    expect((await logs('?entity=audit_probe_orders&since=2999-01-01&include_count=true')).total).toBe(0);
    expect((await logs('?entity=audit_probe_orders')).total).toBeNull();
    for (const bad of ['?since=yesterday', '?limit=1001', '?offset=-1'])
      expect((await read(`/admin/audit${bad}`)).status).toBe(422);
  });

  it('shows the history and the differences of one row', async () => {
    const { id } = await Order.save({ title: 'first' });
    await Order.update(id, { title: 'second' });
    const history = (await (await read(`/admin/audit/entity/audit_probe_orders/${id}`)).json()) as { history: Log[] };
    expect(history.history.map(({ action }) => action)).toEqual(['update', 'create']);
    const diffs = (await (await read(`/admin/audit/entity/audit_probe_orders/${id}/diffs`)).json()) as object;
    expect(diffs).toMatchObject({
      entity: 'audit_probe_orders',
      entity_id: id,
      diffs: [
        { version: 1, action: 'create' },
        { version: 2, action: 'update', changes: { title: ['first', 'second'] } },
      ],
    });
    expect(await getEntityAuditHistory('audit_probe_orders', id)).toMatchObject([{ version: 2 }, { version: 1 }]);
    expect(await getAuditLogs({ entity: 'audit_probe_orders', since: '2999-01-01' })).toEqual([]);
    await expect(getAuditLogs({ since: 'never' })).rejects.toMatchObject({ code: 'E_AUDIT_QUERY' });
  });

  it('is exported as CSV that no spreadsheet runs', async () => {
    getAudit().log({ action: '=HYPERLINK("http://evil")', entity: '@sum', entityId: '+1', metadata: { a: 1 } });
    getAudit().log({ action: 'with "quotes", commas\nand lines' });
    getAudit().log({ action: '＝wide(1)', entity: ' =spaced(1)' });
    getAudit().log({ action: 'a;=1+1;\t@sum', entity: 'b\n-2', metadata: { note: 'c; "=2"', list: '1; 2' } });
    const response = await read('/admin/audit/export?status=success');
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    const text = await response.text();
    expect(text.split('\n')[0]).toBe(
      'seq,timestamp,action,status,entity,entity_id,entity_version,user_id,actor_type,workspace_id,request_id,ip,user_agent,changes,metadata,comment',
    );
    expect(text).toContain(`"'=HYPERLINK(""http://evil"")",success,'@sum,'+1`);
    expect(text).toContain(`'＝wide(1),success,' =spaced(1)`);
    expect(text).toContain('"with ""quotes"", commas\nand lines"');
    expect(text).toContain(`a;'=1+1;'\t'@sum,success,"b\n'-2"`);
    const cellsElsewhere = text.split(/[;\t\r\n]/); // quotes in the middle of what is no cell there do not count
    for (const cell of cellsElsewhere) expect(cell).not.toMatch(/^[\s"]*[=+\-@＝]/);
    expect(text).toContain('1; 2');
  });

  it('takes entries by hand, with what the request or job says', async () => {
    runWithContext({ requestId: 'by-hand', actor: { id: 'u1', type: 'user' }, tenantId: 'w9' }, () =>
      getAudit().log({ action: 'invoice.sent', entity: 'invoice', entityId: '42', status: 'denied' }),
    );
    expect((await logs('?action=invoice.sent')).logs).toMatchObject([
      {
        entity: 'invoice',
        entity_id: '42',
        status: 'denied',
        request_id: 'by-hand',
        user_id: 'u1',
        workspace_id: 'w9',
      },
    ]);
    expect(() => getAudit().log({ action: '' })).toThrow(/action/);
  });

  it('lets admins of a workspace read what concerns it, and nobody else', async () => {
    const owner = await signUp(send, 'owner@example.com');
    const stranger = await signUp(send, 'stranger@example.com');
    const made = await send('/api/v1/workspaces', json({ name: 'Mine' }, { headers: owner.headers }));
    const { id } = (await made.json()) as { id: string };
    await Order.save({ title: 'mine', workspaceId: id });
    await Order.save({ title: 'theirs', workspaceId: 'other' });
    const own = await read(`/workspaces/${id}/audit?include_count=true&workspace_id=other`, owner.headers);
    expect(own.status).toBe(200);
    const found = (await own.json()) as { logs: Log[]; total: number };
    expect(found.logs.map(({ entity }) => entity)).toContain('audit_probe_orders');
    expect(found.logs.map(({ entity }) => entity)).toContain('kernel_workspaces');
    expect(new Set(found.logs.map(({ workspace_id: workspace }) => workspace))).toEqual(new Set([id]));
    expect(found.total).toBe(found.logs.length);
    const csv = await (await read(`/workspaces/${id}/audit/export`, owner.headers)).text();
    expect(csv).not.toContain('theirs');
    for (const path of [`/workspaces/${id}/audit`, `/workspaces/${id}/audit/export`])
      expect((await read(path, stranger.headers)).status).toBe(403);
    for (const path of [
      '/admin/audit',
      '/admin/audit/export',
      '/admin/audit/entity/a/b',
      '/admin/audit/entity/a/b/diffs',
    ])
      expect((await read(path, owner.headers)).status).toBe(403);
  });
});
