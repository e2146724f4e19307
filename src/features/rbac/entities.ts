import { Entity, Field, Model } from '../../orm/index.js';

/** A named set of permissions. */
@Entity({ table: 'kernel_auth_roles' })
export class Role extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) name!: string;
  /** `orders:read`, `orders:*` or `*`. */
  @Field({ type: 'json', nullable: false, default: [] }) permissions!: string[];
  @Field({ type: 'text' }) description?: string | null;
}

/** Who has a role: everywhere, or for one resource. */
@Entity({
  table: 'kernel_auth_role_assignments',
  unique: [['userId', 'roleId', 'resourceType', 'resourceId']],
})
export class RoleAssignment extends Model {
  @Field({ type: 'string', nullable: false, index: true, length: 64 }) userId!: string;
  @Field({ type: 'string', nullable: false, references: () => Role, onDelete: 'cascade', index: true })
  roleId!: string;
  /** Empty, like `resourceId`, for a role that is held everywhere: empty texts are unique together, nulls are not. */
  @Field({ type: 'string', nullable: false, default: '', index: true, length: 64 }) resourceType!: string;
  @Field({ type: 'string', nullable: false, default: '', index: true, length: 64 }) resourceId!: string;
  @Field({ type: 'string' }) grantedBy?: string | null;
  @Field({ type: 'datetime' }) expiresAt?: Date | null;
}
