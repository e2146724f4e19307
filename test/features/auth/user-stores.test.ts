import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AuthService,
  AuthServiceAdapter,
  createAccessToken,
  createPasswordHasher,
  KernelAuthSession,
  KernelAuthUser,
  KernelUserStore,
} from '../../../src/features/auth/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import { AUTH_BACKENDS, me, openTestAuth, SECRET, signIn } from './harness.js';

const hasher = createPasswordHasher({ cost: 4 });

describe('KernelUserStore', () => {
  const store = new KernelUserStore();
  let db: Database;

  beforeEach(async () => {
    db = await connect('sqlite::memory:', { entities: [KernelAuthUser, KernelAuthSession] });
    await db.migrate();
  });

  afterEach(() => db.close());

  const create = (username: string, email?: string) =>
    store.create({ username, ...(email !== undefined && { email }), passwordHash: 'the hash' });

  it('finds a user by address, by name and by id', async () => {
    const byAddress = await create('Ada@Example.com', 'Ada@Example.com');
    const byName = await create('Grace', 'grace@example.com');
    expect(byAddress).toMatchObject({
      username: 'Ada@Example.com',
      email: 'ada@example.com',
      role: 'user',
      isActive: true,
    });
    expect(byAddress.createdAt).toBeInstanceOf(Date);
    expect((await store.getByUsername('ADA@example.com'))?.id).toBe(byAddress.id);
    expect((await store.getByUsername('gRACE'))?.id).toBe(byName.id);
    expect((await store.getByUsername('grace@example.com'))?.id).toBe(byName.id);
    expect((await store.getById(byName.id))?.username).toBe('Grace');
    expect(await store.getByUsername('nobody')).toBeNull();
    expect(await store.getById('nobody')).toBeNull();
  });

  it('finds a user by identity hash', async () => {
    const { id } = await store.create({ username: 'key user', identityHash: 'abc' });
    expect((await store.getByIdentityHash('abc'))?.id).toBe(id);
    await expect(store.create({ username: 'other', identityHash: 'abc' })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    });
  });

  it('compares names as people read them', async () => {
    await create('ﬁlip@example.com');
    await expect(create('FILIP@example.com')).rejects.toThrow("Email 'FILIP@example.com' already exists");
    expect(await store.getByUsername('ﬁlip@Example.com')).not.toBeNull();
  });

  it('says what is taken', async () => {
    await create('ada', 'ada@example.com');
    await expect(create('Ada', 'other@example.com')).rejects.toThrow("Username 'Ada' already exists");
    await expect(create('Ada')).rejects.toThrow("Username 'Ada' already exists");
    await expect(create('other', 'ADA@example.com')).rejects.toThrow("Email 'ADA@example.com' already exists");
    await expect(create('ada@example.com')).rejects.toThrow("Email 'ada@example.com' already exists");
  });

  it('takes nobody’s address for another account’s name', async () => {
    await expect(create('victim@example.com', 'me@example.com')).rejects.toThrow(/must be the e-mail address itself/);
  });

  it('lets many users be without an address', async () => {
    await create('one');
    await create('two');
    expect((await store.getByUsername('two'))?.email).toBeNull();
  });

  it('never sends a hash by accident', async () => {
    const { id } = await create('ada@example.com');
    const user = await store.getById(id);
    expect(user?.passwordHash).toBe('the hash');
    expect(JSON.stringify(user)).not.toContain('hash');
    expect(JSON.stringify(await KernelAuthUser.get(id))).not.toMatch(/hash/i);
  });

  it('changes password, address, role and state, and says when there is nobody to change', async () => {
    const { id } = await create('ada@example.com');
    expect(await store.updatePassword(id, 'new hash')).toBe(true);
    expect(await store.updateEmail(id, 'Countess@example.com')).toBe(true);
    expect(await store.setRole(id, 'admin')).toBe(true);
    expect(await store.setActive(id, false)).toBe(true);
    expect(await store.getByUsername('countess@example.com')).toMatchObject({
      passwordHash: 'new hash',
      passwordChangedAt: expect.any(Date),
      role: 'admin',
      isActive: false,
    });
    for (const change of [
      store.updatePassword('nobody', 'x'),
      store.updateEmail('nobody', 'x@example.com'),
      store.setRole('nobody', 'x'),
      store.setActive('nobody', true),
    ]) {
      expect(await change).toBe(false);
    }
  });

  it('of many renewals of one hash one succeeds', async () => {
    const { id } = await create('ada@example.com');
    const renewals = await Promise.all(
      Array.from({ length: 10 }, (_, index) => store.replacePasswordHash(id, 'the hash', `renewed ${index}`)),
    );
    expect(renewals.filter(Boolean)).toHaveLength(1);
  });

  it('keeps the fields of its table as columns', async () => {
    await create('ada@example.com');
    const [row] = await db.query<Record<string, unknown>>('SELECT * FROM kernel_auth_users');
    expect(Object.keys(row ?? {})).toEqual(
      expect.arrayContaining(['email', 'identity_hash', 'password_hash', 'name', 'role', 'is_active', 'metadata']),
    );
  });
});

describe('AuthServiceAdapter', () => {
  const backend = AUTH_BACKENDS.find(({ name }) => name === 'redis (in memory)');
  if (!backend) throw new Error('the in-memory backend is missing');

  class OldService implements AuthService {
    readonly users = new Map<string, Record<string, unknown>>();

    async getUserByUsername(username: string) {
      return [...this.users.values()].find(({ email }) => email === username);
    }

    async getUserById(userId: string) {
      return this.users.get(userId);
    }

    async createUser({ email, passwordHash }: { email?: string | null; passwordHash?: string | null }) {
      const user = { id: String(this.users.size + 1), email, password_hash: passwordHash, is_active: 1 };
      this.users.set(user.id, user);
      return user;
    }

    async updatePassword(userId: string, passwordHash: string) {
      const user = this.users.get(userId);
      if (user) user.password_hash = passwordHash;
    }
  }

  it('lets an existing service sign its users in', async () => {
    const service = new OldService();
    const userStore = new AuthServiceAdapter(service);
    const test = await openTestAuth(backend, { userStore });
    await userStore.create({
      username: 'a@example.com',
      email: 'a@example.com',
      passwordHash: await hasher.hash('old password'),
    });
    const { access } = await signIn(test.app, 'a@example.com', 'old password');
    expect((await test.app.send('GET', '/auth/me', { token: access })).body).toEqual({
      id: '1',
      username: 'a@example.com',
      email: 'a@example.com',
      role: 'user',
    });
    const body = { old_password: 'old password', new_password: 'nine loud herons' };
    expect((await test.app.send('POST', '/auth/change-password', { token: access, body })).status).toBe(200);
    await signIn(test.app, 'a@example.com', 'nine loud herons');
    Object.assign(service.users.get('1') ?? {}, { is_active: 0 });
    test.clock.advance(1_000);
    expect(await me(test.app, access)).toBe(401);
    await test.close();
  });

  it('never sends a hash by accident', async () => {
    const user = await new AuthServiceAdapter(new OldService()).create({
      username: 'a@example.com',
      passwordHash: 'secret',
    });
    expect(JSON.stringify(user)).not.toContain('secret');
  });
});

describe('signing in with an external token', () => {
  for (const backend of AUTH_BACKENDS) {
    it(`works with the user store and a token made by hand (${backend.name})`, async () => {
      const test = await openTestAuth(backend);
      const { userStore, config } = test.auth;
      const email = 'provider-7@myapp.local';
      const user =
        (await userStore.getByUsername(email)) ??
        (await userStore.create({ username: email, email, passwordHash: await hasher.hash('the external token') }));
      const token = createAccessToken({
        userId: user.id,
        role: user.role,
        email,
        secret: config.tokenSecret,
        expiresMinutes: config.accessTokenExpiresMinutes,
        clock: test.clock,
      });
      expect(config.tokenSecret).toBe(SECRET);
      expect(await me(test.app, token)).toBe(200);
      await test.close();
    });
  }
});
