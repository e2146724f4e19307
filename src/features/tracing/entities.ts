import { Entity, Field, Model } from '../../orm/index.js';

/** One span of a trace: a request, a statement, a job, a call of another service. */
@Entity({ table: 'kernel_traces', history: false, indexes: [['traceId'], ['startedAt'], ['name', 'startedAt']] })
export class TraceSpan extends Model {
  @Field({ type: 'string', nullable: false, length: 32 }) traceId!: string;
  @Field({ type: 'string', nullable: false, length: 16 }) spanId!: string;
  /** The span it is a part of; of another service, where the trace came from there. */
  @Field({ type: 'string', length: 16 }) parentId?: string | null;
  @Field({ type: 'string', nullable: false }) name!: string;
  /** As OpenTelemetry numbers them: 0 internal, 1 server, 2 client, 3 producer, 4 consumer. */
  @Field({ type: 'integer', nullable: false, default: 0 }) kind!: number;
  @Field({ type: 'string', nullable: false }) service!: string;
  @Field({ type: 'number', nullable: false }) durationMs!: number;
  @Field({ type: 'datetime', nullable: false }) startedAt!: Date;
  @Field({ type: 'datetime', nullable: false }) endedAt!: Date;
  /** `ok` or `error`. */
  @Field({ type: 'string', nullable: false, length: 10, default: 'ok' }) status!: string;
  @Field({ type: 'string', length: 500 }) error?: string | null;
  @Field({ type: 'string', length: 100 }) errorType?: string | null;
  @Field({ type: 'json', nullable: false, default: {} }) metadata!: Record<string, unknown>;
}
