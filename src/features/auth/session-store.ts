import { ConflictError, ConnectionError, ConstraintError, isKernelError } from '../../base/errors.js';
import type { SessionHandle } from '../../orm/index.js';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';
import { KernelAuthSession } from './entities.js';

/** A sign-in as it is kept. Hashes are SHA-256 of refresh token ids. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  /** The one refresh token that is good now. */
  readonly tokenHash: string;
  /** The one before it, and when it was used: what tells a lost race from a stolen token. */
  readonly previousHash: string | null;
  readonly rotatedAt: Date | null;
  /** The refresh token made by hand that opened the session; unique, so that it can open but one. */
  readonly originHash: string | null;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

export interface Rotation {
  fromHash: string;
  toHash: string;
  at: Date;
  expiresAt: Date;
}

/** Most sessions of one user that are shown. */
const MAX_LISTED = 200;

/** Where sessions live. Every verb is the truth at once on every instance. */
export interface SessionStore {
  /** Stores a session of a new id. @throws ConflictError when its origin has opened one before. */
  create(session: Session): Promise<void>;
  get(id: string): Promise<Session | null>;
  getByOrigin(originHash: string): Promise<Session | null>;
  /** Swaps the refresh hash of a live session atomically; false when `fromHash` is not the current one any more. */
  rotate(id: string, rotation: Rotation): Promise<boolean>;
  revoke(id: string, at: Date, reason: string): Promise<void>;
  /** Revokes every session of a user but `exceptId`; answers their ids. */
  revokeUser(userId: string, at: Date, reason: string, exceptId?: string): Promise<string[]>;
  /** The sessions of a user that are neither revoked nor over at `at`, newest first. */
  listLive(userId: string, at: Date): Promise<Session[]>;
  /** True when the user has signed in from that address before. */
  knowsAddress(userId: string, ipAddress: string): Promise<boolean>;
}

/** Sessions in `kernel_auth_sessions` of `db`: they survive a flushed Redis. */
export class DatabaseSessionStore implements SessionStore {
  readonly #on: { db?: SessionHandle };

  constructor(on: { db?: SessionHandle } = {}) {
    this.#on = on;
  }

  async create(session: Session): Promise<void> {
    try {
      await KernelAuthSession.save({ ...session }, this.#on);
    } catch (error) {
      if (!(error instanceof ConstraintError) || error.kind !== 'unique') throw error;
      throw new ConflictError('The token has opened a session before', { cause: error });
    }
  }

  async get(id: string): Promise<Session | null> {
    return toSession(await KernelAuthSession.get(id, this.#on));
  }

  async getByOrigin(originHash: string): Promise<Session | null> {
    return toSession(await KernelAuthSession.findOne({ where: { originHash }, ...this.#on }));
  }

  /** The row version makes it a compare-and-set: of many writers that read the same version one succeeds. */
  async rotate(id: string, rotation: Rotation): Promise<boolean> {
    const { fromHash, toHash, at, expiresAt } = rotation;
    const row = await KernelAuthSession.get(id, this.#on);
    if (!row || row.tokenHash !== fromHash || row.revokedAt) return false;
    const change = { tokenHash: toHash, previousHash: fromHash, rotatedAt: at, expiresAt };
    try {
      const options = { expectedVersion: row.version, ...this.#on };
      return (await KernelAuthSession.update(id, change, options)) !== null;
    } catch (error) {
      if (error instanceof ConflictError) return this.rotate(id, rotation); // who was faster may have left the hash alone
      throw error;
    }
  }

  async revoke(id: string, at: Date, reason: string): Promise<void> {
    await KernelAuthSession.update(id, { revokedAt: at, revokedReason: reason }, this.#on);
  }

  async revokeUser(userId: string, at: Date, reason: string, exceptId?: string): Promise<string[]> {
    const live = await KernelAuthSession.find({ where: { userId, revokedAt: null }, ...this.#on });
    const ids = live.map((session) => session.id).filter((id) => id !== exceptId);
    for (const id of ids) await this.revoke(id, at, reason);
    return ids;
  }

  async listLive(userId: string, at: Date): Promise<Session[]> {
    const where = { userId, revokedAt: null, expiresAt: { gt: at } };
    const rows = await KernelAuthSession.find({ where, orderBy: { id: 'desc' }, limit: MAX_LISTED, ...this.#on });
    return rows.map(toSession).filter((session) => session !== null);
  }

  async knowsAddress(userId: string, ipAddress: string): Promise<boolean> {
    return KernelAuthSession.exists({ where: { userId, ipAddress }, ...this.#on });
  }

  /**
   * Deletes the sessions that were over before `moment`; with them goes what they knew about familiar addresses, so leave
   * them a few months. @returns how many there were.
   */
  async purge(moment: Date): Promise<number> {
    const query = { where: { expiresAt: { lt: moment } }, select: ['id'], limit: 500, ...this.#on } as const;
    let purged = 0;
    for (let rows = await KernelAuthSession.find(query); rows.length > 0; rows = await KernelAuthSession.find(query)) {
      for (const { id } of rows) if (await KernelAuthSession.delete(id, this.#on)) purged += 1;
    }
    return purged;
  }
}

function toSession(row: KernelAuthSession | null): Session | null {
  if (!row) return null;
  const { id, userId, tokenHash, previousHash = null, rotatedAt = null, originHash = null, expiresAt } = row;
  const { revokedAt = null, ipAddress = null, userAgent = null } = row;
  return { id, userId, tokenHash, previousHash, rotatedAt, originHash, expiresAt, revokedAt, ipAddress, userAgent };
}

const ROTATE: RedisScript = {
  name: 'authSessionRotate',
  keys: 1,
  lua: `
    local current = redis.call('HMGET', KEYS[1], 'tokenHash', 'revokedAt')
    if current[1] ~= ARGV[1] or (current[2] and current[2] ~= '') then return 0 end
    redis.call('HSET', KEYS[1], 'tokenHash', ARGV[2], 'previousHash', ARGV[1], 'rotatedAt', ARGV[3], 'expiresAt', ARGV[4])
    redis.call('PEXPIREAT', KEYS[1], ARGV[4])
    return 1`,
};

const CREATE: RedisScript = {
  name: 'authSessionCreate',
  keys: 1,
  lua: `
    redis.call('HSET', KEYS[1], unpack(ARGV, 2))
    return redis.call('PEXPIREAT', KEYS[1], ARGV[1])`,
};

/** Marks what exists and never makes a key, so that a revoked session cannot come back as an endless one. */
const REVOKE: RedisScript = {
  name: 'authSessionRevoke',
  keys: 1,
  lua: `
    if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
    return redis.call('HSET', KEYS[1], 'revokedAt', ARGV[1], 'revokedReason', ARGV[2])`,
};

const ADDRESS_MEMORY_MS = 90 * 86_400_000;

/** Sessions of a service without a database. A flushed Redis ends them all. */
export class RedisSessionStore implements SessionStore {
  readonly #redis: RedisClient;
  readonly #prefix: string;

  constructor(redis: RedisClient, prefix = 'auth:') {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async create(session: Session): Promise<void> {
    const { id, userId, originHash, ipAddress } = session;
    // First, so that no crash leaves a session that `revokeUser` would miss.
    await this.#ask((redis) => redis.sadd(this.#key('user-sessions', userId), id));
    const fields = Object.entries(session).flatMap(([name, value]) => [name, toText(value)]);
    await this.#ask((redis) => runScript(redis, CREATE, [this.#key('session', id)], [+session.expiresAt, ...fields]));
    if (originHash !== null) await this.#claim(originHash, session);
    if (ipAddress === null) return;
    await this.#ask((redis) => redis.set(this.#key('known-address', userId, ipAddress), '1', 'PX', ADDRESS_MEMORY_MS));
  }

  async getByOrigin(originHash: string): Promise<Session | null> {
    const id = await this.#ask((redis) => redis.get(this.#key('origin', originHash)));
    return id === null ? null : this.get(id);
  }

  async get(id: string): Promise<Session | null> {
    const fields = await this.#ask((redis) => redis.hgetall(this.#key('session', id)));
    const { userId, tokenHash, expiresAt } = fields;
    if (!userId || !tokenHash || !expiresAt) return null;
    return {
      id,
      userId,
      tokenHash,
      previousHash: fields.previousHash || null,
      rotatedAt: toDate(fields.rotatedAt),
      originHash: fields.originHash || null,
      expiresAt: new Date(Number(expiresAt)),
      revokedAt: toDate(fields.revokedAt),
      ipAddress: fields.ipAddress || null,
      userAgent: fields.userAgent || null,
    };
  }

  async rotate(id: string, { fromHash, toHash, at, expiresAt }: Rotation): Promise<boolean> {
    const args = [fromHash, toHash, +at, +expiresAt];
    return (await this.#ask((redis) => runScript(redis, ROTATE, [this.#key('session', id)], args))) === 1;
  }

  async revoke(id: string, at: Date, reason: string): Promise<void> {
    await this.#ask((redis) => runScript(redis, REVOKE, [this.#key('session', id)], [+at, reason]));
  }

  async revokeUser(userId: string, at: Date, reason: string, exceptId?: string): Promise<string[]> {
    const all = await this.#ask((redis) => redis.smembers(this.#key('user-sessions', userId)));
    const ids = all.filter((id) => id !== exceptId);
    for (const id of ids) await this.revoke(id, at, reason);
    if (ids.length > 0) await this.#ask((redis) => redis.srem(this.#key('user-sessions', userId), ...ids));
    return ids;
  }

  async listLive(userId: string, at: Date): Promise<Session[]> {
    const ids = await this.#ask((redis) => redis.smembers(this.#key('user-sessions', userId)));
    const newest = ids.sort().reverse().slice(0, MAX_LISTED);
    const sessions = await Promise.all(newest.map((id) => this.get(id)));
    return sessions
      .filter((session) => session !== null)
      .filter(({ revokedAt, expiresAt }) => !revokedAt && +expiresAt > +at);
  }

  async knowsAddress(userId: string, ipAddress: string): Promise<boolean> {
    return (await this.#ask((redis) => redis.exists(this.#key('known-address', userId, ipAddress)))) === 1;
  }

  /** After the session exists, so that who loses the claim finds the one that won it. */
  async #claim(originHash: string, { id, expiresAt }: Session): Promise<void> {
    const origin = this.#key('origin', originHash);
    if ((await this.#ask((redis) => redis.set(origin, id, 'PXAT', +expiresAt, 'NX'))) !== null) return;
    await this.#ask((redis) => redis.del(this.#key('session', id)));
    throw new ConflictError('The token has opened a session before');
  }

  async #ask<T>(command: (redis: RedisClient) => Promise<T>): Promise<T> {
    try {
      return await command(this.#redis);
    } catch (error) {
      if (isKernelError(error)) throw error;
      throw new ConnectionError('The sessions could not be read or written', { cause: error });
    }
  }

  #key(kind: 'session' | 'origin' | 'user-sessions' | 'known-address', ...parts: string[]): string {
    return [this.#prefix + kind, ...parts].join(':');
  }
}

function toText(value: string | Date | null): string {
  if (value === null) return '';
  return value instanceof Date ? String(value.getTime()) : value;
}

function toDate(text: string | undefined): Date | null {
  return text ? new Date(Number(text)) : null;
}
