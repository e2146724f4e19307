import { Entity, Field, Model } from '../../orm/index.js';
import { KernelWorkspace } from '../saas/index.js';

/** A credential for programs. Of the key only the SHA-256 is kept: it has 256 random bits, so no salt is needed. */
@Entity({ table: 'kernel_api_keys' })
export class KernelApiKey extends Model {
  /** Whose power it has, narrowed by `scopes`. */
  @Field({ type: 'string', nullable: false, index: true }) userId!: string;
  @Field({ type: 'string', nullable: false, unique: true }) keyHash!: string;
  /** The one workspace that it is good for; it goes with the workspace, and with its owner's membership. */
  @Field({ type: 'string', references: () => KernelWorkspace, onDelete: 'cascade', index: true })
  workspaceId?: string | null;
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string', nullable: false }) keyPrefix!: string;
  @Field({ type: 'json', nullable: false, default: [] }) scopes!: string[];
  @Field({ type: 'datetime' }) expiresAt?: Date | null;
  /** To the minute. It is no part of the history. */
  @Field({ type: 'datetime' }) lastUsedAt?: Date | null;
  @Field({ type: 'datetime' }) revokedAt?: Date | null;
  /** Requests per window, counted for this key alone. */
  @Field({ type: 'integer' }) rateLimit?: number | null;

  /** Leaves the hash out. */
  override toJSON(): Record<string, unknown> {
    const { key_hash: _hash, ...visible } = super.toJSON();
    return visible;
  }
}
