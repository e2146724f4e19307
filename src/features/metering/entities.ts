import { Entity, Field, Model } from '../../orm/index.js';

/** What was used, in whole units: `{ tokens: 1500 }`. */
export type UsageMetrics = Record<string, number>;

/** One use: a request, or what `trackUsage` was told. Kept so that no event is counted twice. */
@Entity({
  table: 'kernel_usage_events',
  history: false,
  indexes: [['timestamp'], ['userId', 'period'], ['workspaceId', 'period']],
})
export class UsageEvent extends Model {
  @Field({ type: 'string', nullable: false, unique: { includeDeleted: true } }) eventId!: string;
  @Field({ type: 'string', nullable: false, length: 100 }) app!: string;
  /** `request`, `custom`, or `stream`: what a streamed answer has sent. */
  @Field({ type: 'string', nullable: false, length: 20, default: 'request' }) eventType!: string;
  @Field({ type: 'string' }) workspaceId?: string | null;
  @Field({ type: 'string' }) userId?: string | null;
  /** The template of the route. */
  @Field({ type: 'string' }) endpoint?: string | null;
  @Field({ type: 'string', length: 16 }) method?: string | null;
  @Field({ type: 'integer' }) statusCode?: number | null;
  @Field({ type: 'integer' }) latencyMs?: number | null;
  @Field({ type: 'bigint' }) bytesIn?: bigint | null;
  @Field({ type: 'bigint' }) bytesOut?: bigint | null;
  @Field({ type: 'json', nullable: false, default: {} }) metrics!: UsageMetrics;
  /** The month, `2026-11`. */
  @Field({ type: 'string', nullable: false, length: 10 }) period!: string;
  @Field({ type: 'datetime', nullable: false }) timestamp!: Date;
}

/**
 * What one user used of one metric, in one workspace and one day, month or year. Its id is made of these, and its value is
 * added to inside the database: it keeps no version.
 */
@Entity({
  table: 'kernel_usage_summary',
  history: false,
  indexes: [
    ['userId', 'period', 'metric'],
    ['workspaceId', 'period', 'metric'],
    ['period', 'metric'],
  ],
})
export class UsageSummary extends Model {
  @Field({ type: 'string', nullable: false, length: 100 }) app!: string;
  @Field({ type: 'string' }) workspaceId?: string | null;
  @Field({ type: 'string' }) userId?: string | null;
  /** `2026-11-29`, `2026-11` or `2026`. */
  @Field({ type: 'string', nullable: false, length: 10 }) period!: string;
  @Field({ type: 'string', nullable: false }) metric!: string;
  @Field({ type: 'bigint', nullable: false, default: 0n }) value!: bigint;
}
