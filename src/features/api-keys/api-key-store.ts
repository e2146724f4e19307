import { createHash, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '../../base/clock.js';
import { ValidationError } from '../../base/errors.js';
import { randomToken } from '../../base/ids.js';
import { databaseFor, type SessionHandle } from '../../orm/index.js';
import { isGrant } from '../auth/index.js';
import { KernelApiKey } from './entities.js';

export interface NewApiKey {
  name: string;
  /** What it may do: `orders:read`, `orders:*`, `*`. Without any it may do nothing that a scope guards. */
  scopes?: readonly string[];
  /** Absent, null or 0: it does not expire. */
  expiresInDays?: number | null;
  /** Requests per window, counted for this key alone; absent: it shares its user's tier. */
  rateLimit?: number | null;
}

/** What making or rotating a key answers: the one time that `key` is shown. */
export interface IssuedApiKey {
  id: string;
  key: string;
  name: string;
  scopes: readonly string[];
  expiresAt: Date | null;
  createdAt: Date;
}

export interface ListApiKeysOptions {
  workspaceId?: string;
  includeRevoked?: boolean;
}

const PREFIX = 'sk_live_';
const SHAPE = /^sk_live_[\w-]{43}$/;
const SHOWN_LENGTH = 12;
const DAY_MS = 86_400_000;
const LAST_USED_STEP_MS = 60_000;
const MAX_SCOPES = 50;

/** Keys in `kernel_api_keys` of `db`; without it, of the ambient or the newest open database. */
export class ApiKeyStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;

  constructor(on: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = on.db ? { db: on.db } : {};
    this.#clock = on.clock ?? systemClock;
  }

  /** @throws ValidationError for a malformed scope. */
  async create(userId: string, workspaceId: string | null, options: NewApiKey): Promise<IssuedApiKey> {
    const { name, scopes = [], expiresInDays, rateLimit = null } = options;
    assertScopes(scopes);
    const expiresAt = expiresInDays ? new Date(this.#clock.now() + expiresInDays * DAY_MS) : null;
    const { key, ...secret } = newSecret();
    const row = { userId, workspaceId, name, scopes: [...new Set(scopes)], expiresAt, rateLimit, ...secret };
    return issued(await KernelApiKey.save(row, this.#on), key);
  }

  async get(keyId: string): Promise<KernelApiKey | null> {
    return KernelApiKey.get(keyId, this.#on);
  }

  /** The keys of one user, newest first. */
  async listForUser(userId: string, options: ListApiKeysOptions = {}): Promise<KernelApiKey[]> {
    return this.#list(
      { userId, ...(options.workspaceId !== undefined && { workspaceId: options.workspaceId }) },
      options,
    );
  }

  /** The keys of one workspace, whoever made them, newest first. */
  async listForWorkspace(workspaceId: string, options: ListApiKeysOptions = {}): Promise<KernelApiKey[]> {
    return this.#list({ workspaceId }, options);
  }

  async countLive(userId: string): Promise<number> {
    return KernelApiKey.count({ where: { userId, revokedAt: null }, ...this.#on });
  }

  /** From now on it is refused. False when there is no such key, or it was revoked before. */
  async revoke(keyId: string): Promise<boolean> {
    return (await this.#revokeWhere({ id: keyId })) > 0;
  }

  /** Every key of a user. @returns how many there were. */
  async revokeAll(userId: string): Promise<number> {
    return this.#revokeWhere({ userId });
  }

  /** A new secret for the same key; the old one is dead. Null when it is unknown or revoked. */
  async rotate(keyId: string): Promise<IssuedApiKey | null> {
    const row = await this.get(keyId);
    if (!row || row.revokedAt) return null;
    const { key, ...secret } = newSecret();
    const rotated = await KernelApiKey.update(keyId, secret, { expectedVersion: row.version, ...this.#on });
    return rotated && issued(rotated, key);
  }

  /** The key that `credential` is, if it is neither revoked nor expired; notes that it was used. */
  async verify(credential: string): Promise<KernelApiKey | null> {
    if (!isApiKey(credential)) return null;
    const keyHash = hashOf(credential);
    const row = await KernelApiKey.findOne({ where: { keyHash }, ...this.#on });
    if (!row || !timingSafeEqual(Buffer.from(row.keyHash), Buffer.from(keyHash))) return null;
    const now = this.#clock.now();
    if (row.revokedAt || (row.expiresAt && +row.expiresAt <= now)) return null;
    if (now - Number(row.lastUsedAt ?? 0) >= LAST_USED_STEP_MS) await this.#touch(row.id, new Date(now));
    return row;
  }

  /** By hand, because a use is no new version of the key. */
  async #touch(keyId: string, at: Date): Promise<void> {
    const db = databaseFor(KernelApiKey, this.#on);
    await db.execute('UPDATE kernel_api_keys SET last_used_at = ? WHERE id = ?', [at, keyId]);
  }

  #list(where: { userId?: string; workspaceId?: string }, { includeRevoked = false }: ListApiKeysOptions) {
    const live = includeRevoked ? {} : { revokedAt: null };
    return KernelApiKey.find({ where: { ...where, ...live }, orderBy: { id: 'desc' }, ...this.#on });
  }

  #revokeWhere(where: { id?: string; userId?: string }): Promise<number> {
    const change = { revokedAt: new Date(this.#clock.now()) };
    return KernelApiKey.updateMany({ ...where, revokedAt: null }, change, this.#on);
  }
}

/** Whether `credential` has the form of a key. */
export function isApiKey(credential: string): boolean {
  return SHAPE.test(credential);
}

function newSecret(): { key: string; keyHash: string; keyPrefix: string } {
  const key = `${PREFIX}${randomToken()}`;
  return { key, keyHash: hashOf(key), keyPrefix: `${key.slice(0, SHOWN_LENGTH)}...` };
}

function issued({ id, name, scopes, expiresAt = null, createdAt }: KernelApiKey, key: string): IssuedApiKey {
  return { id, key, name, scopes, expiresAt, createdAt };
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

function assertScopes(scopes: readonly string[]): void {
  const fault = (msg: string) => new ValidationError([{ loc: ['body', 'scopes'], msg, type: 'scope' }]);
  if (scopes.length > MAX_SCOPES) throw fault(`Use at most ${MAX_SCOPES} scopes`);
  if (!scopes.every(isGrant)) throw fault('Write scopes as resource:action, resource:* or *');
}
