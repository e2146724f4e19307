import { createWebhook, KernelWebhookDelivery, type ServiceOptions, type WebhookSettings } from 'app-kernel';
import { expect } from 'vitest';
import { hang, openReceiver, type Receiver } from '../../features/webhooks/receiver.js';
import { newKernel, openKernel } from '../setup/fresh-kernel.js';
import { freshFolder, sqliteUrl, startedService } from '../setup/fresh-service.js';
import { eventually, signUp } from '../setup/http-calls.js';
import type { Probe, Probes } from './probe.js';

const OPEN = { allowHttp: true, allowedNetworks: ['127.0.0.1'] };

async function withReceiver(use: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver = await openReceiver();
  try {
    await use(receiver);
  } finally {
    await receiver.close();
  }
}

/** What a test message to `url` comes to. */
async function tested(webhooks: Partial<WebhookSettings>, url: string) {
  const { kernel, send } = await openKernel({ webhooks: { ...webhooks, allowedNetworks: ['127.0.0.1'] } });
  const { id: userId, headers } = await signUp(send, 'a@example.com', { authPath: '/auth' });
  const { id } = await kernel.saas.workspaces.ensurePersonal({ id: userId });
  const webhook = await createWebhook(id, { url });
  const response = await send(`/webhooks/${webhook.id}/test`, { method: 'POST', headers });
  return (await response.json()) as { success: boolean; status_code: number | null; error: string };
}

async function newWorkspace(webhooks: Partial<WebhookSettings>): Promise<string> {
  const { kernel } = await openKernel({ webhooks: webhooks as never });
  return (await kernel.saas.workspaces.create({ name: 'House', ownerId: 'ada' })).id;
}

export const webhooksProbes: Probes<WebhookSettings> = {
  allowHttp: async () => {
    const url = 'http://example.com/hook';
    await expect(createWebhook(await newWorkspace({}), { url })).rejects.toThrow('Give an https: URL');
    expect(await createWebhook(await newWorkspace({ allowHttp: true }), { url })).toMatchObject({ url });
  },
  allowedNetworks: () =>
    withReceiver(async ({ url }) => {
      const refused = createWebhook(await newWorkspace({ allowHttp: true }), { url });
      await expect(refused).rejects.toThrow('Name a server on the public internet');
      expect(await createWebhook(await newWorkspace(OPEN), { url })).toMatchObject({ url });
      expect(() => newKernel({ webhooks: { allowedNetworks: ['everywhere'] } })).toThrow(/is not a network/);
    }),
  timeoutSeconds: () =>
    withReceiver(async (receiver) => {
      receiver.answer = hang;
      const answer = await tested({ allowHttp: true, timeoutSeconds: 1 }, receiver.url);
      expect(answer).toMatchObject({ success: false, status_code: null });
      expect(answer.error).toMatch(/did not answer within 1 s/);
    }),
  retentionDays: async () => {
    const databaseUrl = sqliteUrl(freshFolder());
    const { kernel } = await openKernel({ databaseUrl, webhooks: OPEN });
    const { database } = kernel;
    const workspace = await kernel.saas.workspaces.create({ name: 'House', ownerId: 'ada' });
    const { id: webhookId } = await createWebhook(workspace.id, { url: 'http://127.0.0.1:1' });
    for (const days of [2, 5]) {
      const row = { webhookId, event: `${days} days ago`, payload: '{"data":null}', status: 'failed' as const };
      const { id } = await KernelWebhookDelivery.save(row, { db: database });
      const moment = new Date(Date.now() - days * 86_400_000);
      await database.execute('UPDATE kernel_webhook_deliveries SET created_at = ? WHERE id = ?', [moment, id]);
    }
    await kernel.close();
    const { kernel: next } = await openKernel({ databaseUrl, webhooks: { ...OPEN, retentionDays: 3 } });
    const left = async () => (await KernelWebhookDelivery.find({ db: next.database })).map(({ event }) => event);
    await eventually(async () => (await left()).length === 1, 'the old one to go');
    expect(await left()).toEqual(['2 days ago']);
  },
};

export const webhookOptionProbes: Record<'webhooks', Probe> = {
  webhooks: async () => {
    const create = async (options: Partial<ServiceOptions>, url: string) => {
      const { kernel } = await startedService(options);
      const { id } = await kernel.saas.workspaces.create({ name: 'House', ownerId: 'ada' });
      return createWebhook(id, { url });
    };
    await expect(create({}, 'https://127.0.0.1/hook')).rejects.toThrow('Name a server on the public internet');
    const webhooks = { allowedNetworks: ['127.0.0.1'] };
    expect(await create({ webhooks }, 'http://127.0.0.1/hook')).toMatchObject({ enabled: true });
    await expect(startedService({ webhooks: { nothing: 1 } as never })).rejects.toThrow(/nothing/);
  },
};
