import { Entity, Field, Model } from '../../orm/index.js';

/** One of several values that callers of a flag get. */
export interface FlagVariant {
  name: string;
  /** Its share, beside the weights of the others. */
  weight: number;
  /** Any JSON. */
  value?: unknown;
}

/** Who keeps seeing the same: the user, else the workspace, else the anonymous id; or one of these first. */
export type FlagStickiness = 'user' | 'workspace' | 'anonymous';

/** A switch that needs no deployment. Its history is who changed what, and what anybody saw at any time. */
@Entity({ table: 'kernel_feature_flags' })
export class FeatureFlag extends Model {
  @Field({ type: 'string', nullable: false, unique: true, length: 100 }) name!: string;
  @Field({ type: 'text' }) description?: string | null;
  @Field({ type: 'boolean', nullable: false, default: false }) enabled!: boolean;
  @Field({
    type: 'integer',
    nullable: false,
    default: 100,
    check: '[rollout_percent] >= 0 AND [rollout_percent] <= 100',
  })
  rolloutPercent!: number;
  @Field({ type: 'json', nullable: false, default: [] }) allowedWorkspaces!: string[];
  @Field({ type: 'json', nullable: false, default: [] }) allowedUsers!: string[];
  @Field({ type: 'json', nullable: false, default: [] }) variants!: FlagVariant[];
  @Field({ type: 'string', nullable: false, default: 'user', length: 20 }) stickiness!: FlagStickiness;
  /** Off before this moment. */
  @Field({ type: 'datetime' }) startsAt?: Date | null;
  /** Off from this moment on. */
  @Field({ type: 'datetime' }) endsAt?: Date | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, unknown>;
}
