import { Entity, Field, Model } from '../../orm/index.js';

/** Masked: what a parameter of a secret's name held is not there. */
export type QueryParams = Record<string, string | string[]>;

/** One request and its answer. Its id is that of the event it came with: stored twice, it is still one row. */
@Entity({
  table: 'kernel_request_metrics',
  history: false,
  indexes: [['timestamp'], ['path', 'timestamp'], ['statusCode', 'timestamp'], ['userId', 'timestamp'], ['requestId']],
})
export class RequestMetric extends Model {
  @Field({ type: 'string', nullable: false, length: 128 }) requestId!: string;
  @Field({ type: 'string', nullable: false, length: 16 }) method!: string;
  /** The template that matched, `/orders/:id`; `unmatched` where none did. */
  @Field({ type: 'string', nullable: false }) route!: string;
  @Field({ type: 'string', nullable: false, length: 500 }) path!: string;
  @Field({ type: 'json' }) queryParams?: QueryParams | null;
  @Field({ type: 'integer', nullable: false }) statusCode!: number;
  /** What the client was told. */
  @Field({ type: 'string', length: 500 }) error?: string | null;
  /** The name of the error's class. */
  @Field({ type: 'string', length: 100 }) errorType?: string | null;
  @Field({ type: 'number', nullable: false }) serverLatencyMs!: number;
  @Field({ type: 'string', length: 64 }) clientIp?: string | null;
  @Field({ type: 'string', length: 500 }) userAgent?: string | null;
  @Field({ type: 'string', length: 500 }) referer?: string | null;
  @Field({ type: 'string' }) userId?: string | null;
  @Field({ type: 'string' }) workspaceId?: string | null;
  @Field({ type: 'string', length: 2 }) country?: string | null;
  @Field({ type: 'string', length: 100 }) city?: string | null;
  @Field({ type: 'string', length: 2 }) continent?: string | null;
  @Field({ type: 'string', length: 32 }) traceId?: string | null;
  /** When the request came. */
  @Field({ type: 'datetime', nullable: false }) timestamp!: Date;
  /** Parts of `timestamp` in UTC, for grouping. */
  @Field({ type: 'integer', nullable: false }) year!: number;
  @Field({ type: 'integer', nullable: false }) month!: number;
  @Field({ type: 'integer', nullable: false }) day!: number;
  @Field({ type: 'integer', nullable: false }) hour!: number;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, unknown>;
}
