import { randomBytes } from 'node:crypto';
import Koa from 'koa';
import { FakeClock } from '../../../src/base/clock.js';
import { ConflictError } from '../../../src/base/errors.js';
import { uuidv7 } from '../../../src/base/ids.js';
import { silentLogger, silentMetrics } from '../../../src/base/ports.js';
import {
  type Auth,
  type AuthEvent,
  type AuthOptions,
  type AuthRouterOptions,
  type AuthUser,
  createAuth,
  createAuthRouter,
  createPasswordHasher,
  DatabaseSessionStore,
  KernelAuthSession,
  KernelAuthToken,
  KernelAuthTotp,
  KernelAuthUser,
  KernelUserStore,
  type NewUser,
  RedisSessionStore,
  type SessionStore,
  type UserStore,
} from '../../../src/features/auth/index.js';
import { createStack, injectRequest, installStack, type Mountable, RouteTable } from '../../../src/http/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { connectRedis } from '../../../src/redis/index.js';

export const SECRET = 'a secret of at least thirty-two characters';
/** A password that no rule refuses. */
export const PASSWORD = 'seven quiet herons';

/** Accounts in memory: the smallest store that sign-in accepts, and what a user's own store looks like. */
class MemoryUserStore implements UserStore {
  readonly rows = new Map<string, AuthUser>();

  async getByUsername(username: string): Promise<AuthUser | null> {
    const name = username.trim().toLowerCase();
    return [...this.rows.values()].find((row) => row.username === name || row.email === name) ?? null;
  }

  async getById(userId: string): Promise<AuthUser | null> {
    return this.rows.get(userId) ?? null;
  }

  async create({ username, email, passwordHash = null }: NewUser): Promise<AuthUser> {
    const name = username.trim().toLowerCase();
    const address = email?.trim().toLowerCase() ?? (name.includes('@') ? name : null);
    const isTaken = [...this.rows.values()].some((row) => row.username === name || (address && row.email === address));
    if (isTaken) throw new ConflictError(`Email '${email ?? username}' already exists`);
    const id = uuidv7();
    const user = {
      id,
      username: name,
      email: address,
      role: 'user',
      isActive: true,
      createdAt: new Date(),
      passwordHash,
    };
    this.rows.set(id, user);
    return user;
  }

  async updatePassword(userId: string, passwordHash: string): Promise<boolean> {
    return this.#change(userId, { passwordHash, passwordChangedAt: new Date() });
  }

  async replacePasswordHash(userId: string, fromHash: string, toHash: string): Promise<boolean> {
    return this.rows.get(userId)?.passwordHash === fromHash && this.#change(userId, { passwordHash: toHash });
  }

  async setRole(userId: string, role: string): Promise<boolean> {
    return this.#change(userId, { role });
  }

  async setActive(userId: string, isActive: boolean): Promise<boolean> {
    return this.#change(userId, { isActive });
  }

  #change(userId: string, change: Partial<AuthUser>): boolean {
    const row = this.rows.get(userId);
    if (row) this.rows.set(userId, { ...row, ...change });
    return row !== undefined;
  }
}

/** Where accounts and sessions of a suite live. */
export interface AuthStores {
  userStore: UserStore & Required<Pick<UserStore, 'setRole' | 'setActive' | 'replacePasswordHash'>>;
  sessionStore: SessionStore;
  /** Where both are in one database. */
  db?: Database;
  /** Where the sessions are in Redis: removes every key of theirs, and answers how many there were. */
  forgetAll?(): Promise<number>;
  close(): Promise<void>;
}

export interface AuthBackend {
  name: string;
  open(): Promise<AuthStores>;
}

async function openDatabase(): Promise<AuthStores> {
  const db = await connect('sqlite::memory:', {
    entities: [KernelAuthUser, KernelAuthSession, KernelAuthToken, KernelAuthTotp],
  });
  await db.migrate();
  const on = { db };
  return {
    userStore: new KernelUserStore(on),
    sessionStore: new DatabaseSessionStore(on),
    db,
    close: () => db.close(),
  };
}

async function openRedis(url?: string): Promise<AuthStores> {
  const redis = await connectRedis(url === undefined ? {} : { url });
  const prefix = `auth-test:${randomBytes(6).toString('hex')}:`;
  const forgetAll = async () => {
    const keys = await redis.client.keys(`${prefix}*`);
    return keys.length > 0 ? redis.client.del(...keys) : 0;
  };
  const close = async () => {
    await forgetAll();
    await redis.close();
  };
  const sessionStore = new RedisSessionStore(redis.client, prefix);
  return { userStore: new MemoryUserStore(), sessionStore, forgetAll, close };
}

const realRedis = process.env.TEST_REDIS_URL;

/** The database always, Redis without a database on the in-memory engine, and on a real server where one is known. */
export const AUTH_BACKENDS: readonly AuthBackend[] = [
  { name: 'database', open: openDatabase },
  { name: 'redis (in memory)', open: () => openRedis() },
  ...(realRedis ? [{ name: 'redis', open: () => openRedis(realRedis) }] : []),
];

export interface TestAuth extends AuthStores {
  auth: Auth;
  clock: FakeClock;
  events: AuthEvent[];
  /** Another process over the same stores. */
  secondInstance(): TestApp;
  app: TestApp;
}

export interface TestApp {
  auth: Auth;
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
}

export interface SendOptions {
  body?: unknown;
  token?: string;
  ip?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape
  body: any;
}

export async function openTestAuth(
  backend: AuthBackend,
  options: Partial<AuthOptions> & AuthRouterOptions & { routers?: Mountable[] } = {},
): Promise<TestAuth> {
  const stores = await backend.open();
  const clock = new FakeClock(Date.now());
  const events: AuthEvent[] = [];
  const start = (): TestApp => {
    const auth = createAuth({
      config: { tokenSecret: SECRET },
      ...(stores.db ? { db: stores.db } : { userStore: stores.userStore, sessionStore: stores.sessionStore }),
      hasher: createPasswordHasher({ cost: 4 }),
      onEvent: (event) => events.push(event),
      clock,
      ...options,
    });
    return { auth, send: sender(auth, options) };
  };
  const app = start();
  return { ...stores, auth: app.auth, clock, events, app, secondInstance: start };
}

function sender(auth: Auth, options: AuthRouterOptions & { routers?: Mountable[] }): TestApp['send'] {
  const routes = new RouteTable();
  routes.mount([createAuthRouter({ ...auth, ...options }), ...(options.routers ?? [])]);
  const koa = new Koa();
  const { authenticate } = auth;
  installStack(koa, createStack({ routes, authenticate, logger: silentLogger, metrics: silentMetrics }));
  const listener = koa.callback();
  return async (method, path, { body, token, ip, headers = {} } = {}) => {
    const response = await injectRequest(listener, path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(ip !== undefined && { remoteAddress: ip }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
}

export interface SignedIn {
  userId: string;
  access: string;
  refresh: string;
}

let people = 0;

/** Registers somebody new and signs them in. */
export async function signUp(app: TestApp, username = `person${++people}@example.com`, ip?: string): Promise<SignedIn> {
  const registered = await app.send('POST', '/auth/register', { body: { username, password: PASSWORD } });
  if (registered.status !== 201) throw new Error(`register answered ${JSON.stringify(registered.body)}`);
  return { userId: registered.body.id, ...(await signIn(app, username, PASSWORD, ip)) };
}

export async function signIn(app: TestApp, username: string, password = PASSWORD, ip?: string) {
  const answer = await app.send('POST', '/auth/login', {
    body: { username, password },
    ...(ip !== undefined && { ip }),
  });
  if (answer.status !== 200) throw new Error(`login answered ${JSON.stringify(answer.body)}`);
  return { access: String(answer.body.access_token), refresh: String(answer.body.refresh_token) };
}

export async function refresh(app: TestApp, token: string): Promise<Answer> {
  return app.send('POST', '/auth/refresh', { body: { refresh_token: token } });
}

/** What a guarded route answers to `token`. */
export async function me(app: TestApp, token: string): Promise<number> {
  return (await app.send('GET', '/auth/me', { token })).status;
}
