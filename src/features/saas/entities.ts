import { Entity, Field, Model } from '../../orm/index.js';

/** What somebody may do in a workspace. */
export type WorkspaceRole = 'owner' | 'admin' | 'member';

const ROLES = "[role] IN ('owner', 'admin', 'member')";

/** A tenant. Deleting one deletes whatever names it with `onDelete: 'cascade'`. */
@Entity({
  table: 'kernel_workspaces',
  unique: [{ fields: ['ownerId'], where: '[is_personal]' }],
})
export class KernelWorkspace extends Model {
  /** One of the owners: the first, or whom it was handed to. */
  @Field({ type: 'string', nullable: false, index: true }) ownerId!: string;
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string', nullable: false, unique: true }) slug!: string;
  /** Made at sign-up; a user has one. */
  @Field({ type: 'boolean', nullable: false, default: false }) isPersonal!: boolean;
  @Field({ type: 'json' }) settingsJson?: Record<string, unknown> | null;
}

/** Who belongs to a workspace, and as what. */
@Entity({ table: 'kernel_workspace_members', unique: [['workspaceId', 'userId']] })
export class KernelWorkspaceMember extends Model {
  @Field({ type: 'string', nullable: false, references: () => KernelWorkspace, onDelete: 'cascade', index: true })
  workspaceId!: string;
  @Field({ type: 'string', nullable: false, index: true }) userId!: string;
  @Field({ type: 'string', nullable: false, default: 'member', check: ROLES }) role!: WorkspaceRole;
  @Field({ type: 'string' }) invitedBy?: string | null;
  @Field({ type: 'datetime', nullable: false }) joinedAt!: Date;
}

export type InviteStatus = 'pending' | 'accepted' | 'expired' | 'cancelled';

/** An invitation by mail. Of its token only the SHA-256 is kept. */
@Entity({ table: 'kernel_workspace_invites' })
export class KernelWorkspaceInvite extends Model {
  @Field({ type: 'string', nullable: false, references: () => KernelWorkspace, onDelete: 'cascade', index: true })
  workspaceId!: string;
  @Field({ type: 'string', nullable: false, index: true }) email!: string;
  @Field({ type: 'string', nullable: false, unique: true }) tokenHash!: string;
  @Field({ type: 'string', nullable: false, check: ROLES }) role!: WorkspaceRole;
  @Field({ type: 'string', nullable: false }) invitedBy!: string;
  @Field({ type: 'string', nullable: false, default: 'pending' }) status!: InviteStatus;
  @Field({ type: 'datetime', nullable: false }) expiresAt!: Date;
  @Field({ type: 'datetime' }) acceptedAt?: Date | null;

  /** Leaves the hash out. */
  override toJSON(): Record<string, unknown> {
    const { token_hash: _hash, ...visible } = super.toJSON();
    return visible;
  }
}

/** A named part of a workspace. */
@Entity({ table: 'kernel_projects', unique: [['workspaceId', 'slug']] })
export class KernelProject extends Model {
  @Field({ type: 'string', nullable: false, references: () => KernelWorkspace, onDelete: 'cascade', index: true })
  workspaceId!: string;
  @Field({ type: 'string', nullable: false, index: true }) slug!: string;
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'text' }) description?: string | null;
  @Field({ type: 'json' }) settingsJson?: Record<string, unknown> | null;
}
