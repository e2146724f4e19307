import { KernelError } from '../base/errors.js';
import type { AuthUser } from '../features/auth/index.js';
import type { WorkspaceRole } from '../features/saas/index.js';
import { hasSaas } from '../service/identity.js';
import type { Service } from '../service/service.js';
import { TestClient } from './test-client.js';

export interface NewTestUser<Workspace extends string = string> {
  /** Who it is; a name without `@` is one at example.com. */
  email: string;
  /** Default `user`; `admin` may do everything. */
  role?: string;
  /** Roles they hold everywhere; those that do not exist are an error. */
  roles?: readonly string[];
  /** Permissions they have everywhere, by a role made for them. */
  permissions?: readonly string[];
  /** What they are in which workspace, by its name; a workspace that is not there yet is made. */
  workspaces?: Readonly<Record<Workspace, WorkspaceRole>>;
  /** Whether their address is verified. Default true. */
  isVerified?: boolean;
  /** For tests that sign in by the routes. */
  password?: string;
}

/** Somebody who is signed in, and sends requests as themselves. */
export class TestUser<Workspace extends string = string> extends TestClient {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly password: string;
  /** The access token. */
  readonly token: string;
  readonly refreshToken: string;
  /** The ids of the workspaces that were named, by name. */
  readonly workspaces: Readonly<Record<Workspace, string>>;

  constructor(service: Service, fields: Omit<TestUser<Workspace>, keyof TestClient>) {
    super(service, { authorization: `Bearer ${fields.token}` });
    this.id = fields.id;
    this.email = fields.email;
    this.role = fields.role;
    this.password = fields.password;
    this.token = fields.token;
    this.refreshToken = fields.refreshToken;
    this.workspaces = fields.workspaces;
  }
}

const PASSWORD = 'seven quiet herons';

/** The accounts and workspaces that a test has asked for. */
export class TestPeople {
  readonly #service: Service;
  readonly #workspaces = new Map<string, string>();

  constructor(service: Service) {
    this.#service = service;
  }

  /** Signs somebody in, whose account is made where there is none, and gives them what `user` names. */
  async loginAs<Workspace extends string = never>(user: string | NewTestUser<Workspace>): Promise<TestUser<Workspace>> {
    const wanted: NewTestUser<Workspace> = typeof user === 'string' ? { email: user } : user;
    const { kernel } = this.#service;
    const { password = PASSWORD } = wanted;
    const email = wanted.email.includes('@') ? wanted.email : `${wanted.email}@example.com`;
    const account = await this.#account(email, password);
    const role = wanted.role ?? account.role;
    if (role !== account.role) await this.#setRole(account, role);
    if (wanted.isVerified !== false) await kernel.userStore.markEmailVerified?.(account.id, email);
    await this.#grant(account.id, wanted);
    const workspaces: Partial<Record<Workspace, string>> = {};
    for (const name of Object.keys(wanted.workspaces ?? {}) as Workspace[])
      workspaces[name] = await this.#join(account.id, name, wanted.workspaces?.[name] as WorkspaceRole);
    const { accessToken, refreshToken } = await kernel.issueTokens({ id: account.id, email, role });
    const { id } = account;
    return new TestUser<Workspace>(this.#service, {
      id,
      email,
      role,
      password,
      token: accessToken,
      refreshToken,
      workspaces: workspaces as Record<Workspace, string>,
    });
  }

  async #account(email: string, password: string): Promise<AuthUser> {
    const { kernel } = this.#service;
    const known = await kernel.userStore.getByUsername(email);
    if (known) return known;
    const passwordHash = await kernel.auth.hasher.hash(password);
    const account = await kernel.userStore.create({ username: email, email, passwordHash });
    if (hasSaas(kernel.settings)) await kernel.saas.workspaces.ensurePersonal(account);
    return account;
  }

  async #setRole({ id }: AuthUser, role: string): Promise<void> {
    const { userStore } = this.#service.kernel;
    if (userStore.setRole) await userStore.setRole(id, role);
    else throw new KernelError('E_TEST', 'loginAs cannot give a role: the userStore has no setRole');
  }

  async #grant(userId: string, { roles = [], permissions = [] }: NewTestUser): Promise<void> {
    const names = [...roles];
    if (permissions.length > 0) {
      const name = `test ${[...permissions].sort().join(' ')}`;
      await this.#service.kernel.roles.define({ name, permissions });
      names.push(name);
    }
    for (const name of names) await this.#service.kernel.roles.assign(userId, name);
  }

  /** @returns the workspace's id */
  async #join(userId: string, name: string, role: WorkspaceRole): Promise<string> {
    const { workspaces, members } = this.#service.kernel.saas;
    let id = this.#workspaces.get(name);
    if (id === undefined) {
      const ownerId = role === 'owner' ? userId : (await this.loginAs(`owner-of-${name.replace(/\W+/g, '-')}`)).id;
      id = (await workspaces.create({ name, ownerId })).id;
      this.#workspaces.set(name, id);
    }
    const { role: present } = await members.add(id, userId, role);
    if (present !== role) await members.updateRole(id, userId, role);
    return id;
  }
}
