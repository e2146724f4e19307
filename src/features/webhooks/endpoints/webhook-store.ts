import { type Clock, systemClock } from '../../../base/clock.js';
import { ConflictError, ValidationError, type ValidationIssue } from '../../../base/errors.js';
import { uuidv7 } from '../../../base/ids.js';
import { dbContext, type SessionHandle } from '../../../orm/index.js';
import { KernelWorkspace } from '../../saas/index.js';
import { type DisabledReason, KernelWebhook } from '../entities.js';
import { faultOfPattern } from '../event-names.js';
import { faultOfSecret, newSecret } from '../signature.js';
import type { SealedSecrets } from './sealed-secrets.js';
import { faultOfTarget, type TargetRules } from './target-url.js';

export interface NewWebhook {
  url: string;
  description?: string | null;
  /** Default one with 256 random bits. */
  secret?: string;
  /** The events it hears of: names, with `*` for any run of characters. Default all. */
  events?: readonly string[];
}

export interface WebhookChanges {
  url?: string;
  description?: string | null;
  events?: readonly string[];
  enabled?: boolean;
}

/** An endpoint with its secret. */
export type WebhookWithSecret = KernelWebhook & { secret: string | null };

export interface WebhookStoreOptions {
  db?: SessionHandle;
  secrets: SealedSecrets;
  targets: TargetRules;
  /** There is one more endpoint. */
  onCreate?: () => void;
  clock?: Clock;
}

/** Most endpoints of a workspace. */
const MOST = 50;
const DAY_SECONDS = 86_400;

/** The endpoints of workspaces, in `kernel_webhooks`. */
export class WebhookStore {
  readonly #on: { db?: SessionHandle };
  readonly #secrets: SealedSecrets;
  readonly #targets: TargetRules;
  readonly #onCreate: () => void;
  readonly #clock: Clock;

  constructor({ db, secrets, targets, onCreate = () => {}, clock = systemClock }: WebhookStoreOptions) {
    this.#on = db ? { db } : {};
    this.#secrets = secrets;
    this.#targets = targets;
    this.#onCreate = onCreate;
    this.#clock = clock;
  }

  /** @throws ValidationError naming what makes no sense, ConflictError for one more than a workspace may have */
  async create(workspaceId: string, given: NewWebhook, on = this.#on): Promise<WebhookWithSecret> {
    this.#check(given);
    const { url, description = null, secret = newSecret(), events = ['*'] } = given;
    const id = uuidv7();
    const row = { id, workspaceId, url, description, events: [...events], secrets: this.#secrets.seal(id, secret) };
    const webhook = await dbContext(async (db) => {
      await KernelWorkspace.get(workspaceId, { db }); // locks its row: who adds another one meanwhile counts this one
      if ((await KernelWebhook.count({ where: { workspaceId }, db })) >= MOST)
        throw new ConflictError(`A workspace has ${MOST} webhooks at most; delete one first`);
      return KernelWebhook.save(row, { db });
    }, on);
    this.#onCreate();
    return Object.assign(webhook, { secret });
  }

  /** The newest first. */
  async list(workspaceId: string, { includeDisabled = false } = {}, on = this.#on): Promise<KernelWebhook[]> {
    const where = includeDisabled ? { workspaceId } : { workspaceId, enabled: true };
    return KernelWebhook.find({ where, orderBy: { id: 'desc' }, ...on });
  }

  /** Null where the workspace has no such endpoint. */
  async get(workspaceId: string, id: string): Promise<KernelWebhook | null> {
    return KernelWebhook.findOne({ where: { id, workspaceId }, ...this.#on });
  }

  /** Whether anybody has one. */
  async hasAny(): Promise<boolean> {
    return KernelWebhook.exists(this.#on);
  }

  /** Null where the workspace has no such endpoint. @throws ValidationError naming what makes no sense */
  async update(workspaceId: string, id: string, changes: WebhookChanges): Promise<KernelWebhook | null> {
    this.#check(changes);
    if (!(await this.get(workspaceId, id))) return null;
    const { events, ...rest } = changes;
    const row = {
      ...rest,
      ...(events && { events: [...events] }),
      ...(rest.enabled !== undefined && { disabledReason: null }),
    };
    return KernelWebhook.update(id, row, this.#on);
  }

  async delete(workspaceId: string, id: string): Promise<boolean> {
    return (await KernelWebhook.deleteMany({ id, workspaceId }, this.#on)) > 0;
  }

  /** By itself, and once: somebody may have switched it off, or on again, meanwhile. */
  async disable(id: string, reason: DisabledReason): Promise<boolean> {
    const changes = { enabled: false, disabledReason: reason };
    return (await KernelWebhook.updateMany({ id, enabled: true }, changes, { ...this.#on, comment: reason })) > 0;
  }

  /** The secrets to sign with, the new one first; none where they were sealed with another secret of the service. */
  secretsOf({ id, secrets }: KernelWebhook): string[] {
    return this.#secrets.open(id, secrets, this.#clock.now());
  }

  /**
   * A new secret. The old one goes on signing beside it for `overlapSeconds` (default a day), so that a receiver can change
   * over in its own time.
   */
  async rotate(
    workspaceId: string,
    id: string,
    { secret = newSecret(), overlapSeconds = DAY_SECONDS }: { secret?: string; overlapSeconds?: number } = {},
  ): Promise<WebhookWithSecret | null> {
    this.#check({ secret });
    return dbContext(async () => {
      const webhook = await this.get(workspaceId, id);
      if (!webhook) return null;
      const now = this.#clock.now();
      const until = now + overlapSeconds * 1_000;
      const secrets = this.#secrets.rotate(id, webhook.secrets, secret, { now, until });
      const stored = await KernelWebhook.update(id, { secrets }, { ...this.#on, expectedVersion: webhook.version });
      return stored && Object.assign(stored, { secret });
    }, this.#on);
  }

  #check({ url, secret, events }: Partial<NewWebhook>): void {
    const issues: ValidationIssue[] = [];
    const refuse = (field: string, msg: string | undefined): void => {
      if (msg !== undefined) issues.push({ loc: ['body', field], msg, type: 'webhook' });
    };
    if (url !== undefined) refuse('url', faultOfTarget(url, this.#targets));
    if (secret !== undefined) refuse('secret', faultOfSecret(secret));
    if (events?.length === 0) refuse('events', 'Name an event, or leave it out for all');
    for (const event of events ?? []) refuse('events', faultOfPattern(event));
    if (issues.length > 0) throw new ValidationError(issues);
  }
}
