import { uuidv7 } from '../base/ids.js';

export interface UserIdentityFields {
  id: string;
  email: string;
  role: string;
  isActive: boolean;
  createdAt: Date;
  /** The workspace the request is about, once a guard has established it. */
  workspaceId?: string | undefined;
  /** The caller's role in that workspace. */
  workspaceRole?: 'owner' | 'admin' | 'member' | undefined;
}

/** Who a request comes from. `features/auth` fills it, guards and handlers read it. */
export class UserIdentity implements UserIdentityFields {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly isActive: boolean;
  readonly createdAt: Date;
  workspaceId: string | undefined;
  workspaceRole: 'owner' | 'admin' | 'member' | undefined;

  constructor(fields: Partial<UserIdentityFields> = {}) {
    this.id = fields.id ?? uuidv7();
    this.email = fields.email ?? '';
    this.role = fields.role ?? 'user';
    this.isActive = fields.isActive ?? true;
    this.createdAt = fields.createdAt ?? new Date();
    this.workspaceId = fields.workspaceId;
    this.workspaceRole = fields.workspaceRole;
  }

  get isAdmin(): boolean {
    return this.role === 'admin';
  }

  /** The wire shape, snake_case. */
  toDict(): Record<string, unknown> {
    return {
      id: this.id,
      email: this.email,
      role: this.role,
      is_active: this.isActive,
      created_at: this.createdAt.toISOString(),
    };
  }

  /** Reads the wire shape of `toDict`. */
  static fromDict(data: Readonly<Record<string, unknown>>): UserIdentity {
    return new UserIdentity({
      ...(typeof data.id === 'string' && { id: data.id }),
      ...(typeof data.email === 'string' && { email: data.email }),
      ...(typeof data.role === 'string' && { role: data.role }),
      ...(typeof data.is_active === 'boolean' && { isActive: data.is_active }),
      ...(typeof data.created_at === 'string' && { createdAt: new Date(data.created_at) }),
    });
  }
}
