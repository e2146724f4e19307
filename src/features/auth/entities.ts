import { Entity, Field, Model } from '../../orm/index.js';

/** An account. `email` and `username` hold the canonical form; `name` is what the person typed. */
@Entity({ table: 'kernel_auth_users' })
export class KernelAuthUser extends Model {
  @Field({ type: 'string', unique: true }) email?: string | null;
  /** When it was shown that who holds the account reads the mail of `email`. */
  @Field({ type: 'datetime' }) emailVerifiedAt?: Date | null;
  @Field({ type: 'string', unique: true }) username?: string | null;
  @Field({ type: 'string', unique: true, sensitive: true }) identityHash?: string | null;
  @Field({ type: 'string' }) passwordHash?: string | null;
  @Field({ type: 'datetime' }) passwordChangedAt?: Date | null;
  @Field({ type: 'string' }) name?: string | null;
  @Field({ type: 'string', nullable: false, default: 'user', index: true }) role!: string;
  @Field({ type: 'boolean', nullable: false, default: true }) isActive!: boolean;
  @Field({ type: 'json' }) metadata?: Record<string, unknown> | null;

  /** Leaves the hashes out: an account that is answered as JSON must not give them away. */
  override toJSON(): Record<string, unknown> {
    const { password_hash: _password, identity_hash: _identity, ...visible } = super.toJSON();
    return visible;
  }
}

/** What a mail proves; of its token only the SHA-256 is kept, and the row is gone once it was used. */
@Entity({ table: 'kernel_auth_tokens', history: false })
export class KernelAuthToken extends Model {
  @Field({ type: 'string', nullable: false, index: true }) userId!: string;
  @Field({ type: 'string', nullable: false }) purpose!: string;
  /** The address it was mailed to. */
  @Field({ type: 'string', nullable: false }) email!: string;
  @Field({ type: 'string', nullable: false, unique: true }) tokenHash!: string;
  @Field({ type: 'datetime', nullable: false, index: true }) expiresAt!: Date;
}

/** A second factor. The secret is encrypted, recovery codes are hashes. */
@Entity({ table: 'kernel_auth_totp', history: false })
export class KernelAuthTotp extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) userId!: string;
  @Field({ type: 'string', nullable: false }) sealedSecret!: string;
  /** Null until the first code was right. */
  @Field({ type: 'datetime' }) enabledAt?: Date | null;
  /** The step of time of the last code: none is taken twice. */
  @Field({ type: 'integer', nullable: false, default: -1 }) lastStep!: number;
  @Field({ type: 'json', nullable: false, default: [] }) recoveryHashes!: string[];

  /** Says that there is one, and no more. */
  override toJSON(): Record<string, unknown> {
    const { sealed_secret: _secret, recovery_hashes: _hashes, ...visible } = super.toJSON();
    return visible;
  }
}

/** A sign-in, from login to logout. Of a refresh token only the SHA-256 of its id is kept. */
@Entity({ table: 'kernel_auth_sessions', history: false })
export class KernelAuthSession extends Model {
  @Field({ type: 'string', nullable: false, index: true }) userId!: string;
  @Field({ type: 'string', nullable: false, index: true }) tokenHash!: string;
  @Field({ type: 'string' }) previousHash?: string | null;
  @Field({ type: 'string', unique: true }) originHash?: string | null;
  @Field({ type: 'datetime' }) rotatedAt?: Date | null;
  @Field({ type: 'datetime', nullable: false, index: true }) expiresAt!: Date;
  @Field({ type: 'datetime' }) revokedAt?: Date | null;
  @Field({ type: 'string' }) revokedReason?: string | null;
  @Field({ type: 'string' }) ipAddress?: string | null;
  @Field({ type: 'text' }) userAgent?: string | null;
  @Field({ type: 'json' }) metadata?: Record<string, unknown> | null;
}
