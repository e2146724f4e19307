import { Entity, Field, Model } from '../../orm/index.js';

/** One thing that happened. Rows are only ever added, each with a place in a chain that shows what was tampered with. */
@Entity({
  table: 'kernel_audit_logs',
  history: false,
  indexes: [
    ['timestamp desc'],
    ['entity', 'entityId', 'timestamp desc'],
    ['userId', 'timestamp desc'],
    ['workspaceId', 'timestamp desc'],
    ['action', 'timestamp desc'],
    ['requestId'],
  ],
})
export class KernelAuditLog extends Model {
  /** What makes it the same event when it comes again: `table:row:version`, or a UUID. */
  @Field({ type: 'string', nullable: false, unique: { includeDeleted: true } }) eventId!: string;
  /** Its place in the chain, from 1 on without a gap. */
  @Field({ type: 'integer', nullable: false, unique: { includeDeleted: true } }) seq!: number;
  /** SHA-256 of everything in it and of the hash before it. */
  @Field({ type: 'string', nullable: false, length: 64 }) hash!: string;
  @Field({ type: 'string', nullable: false, length: 100 }) action!: string;
  @Field({ type: 'string', nullable: false, default: 'success', length: 20 }) status!: string;
  /** The table of the row that was changed, or the kind of what an entry is about. */
  @Field({ type: 'string', nullable: false, length: 100 }) entity!: string;
  @Field({ type: 'string', nullable: false }) entityId!: string;
  /** The version that the change made; null for what is no change of a row. */
  @Field({ type: 'integer' }) entityVersion?: number | null;
  /** JSON `{ field: [old, new] }`. */
  @Field({ type: 'text' }) changes?: string | null;
  /** JSON of the whole row, where it was deleted for good. */
  @Field({ type: 'text' }) oldSnapshot?: string | null;
  /** JSON of the whole row, where it was made. */
  @Field({ type: 'text' }) newSnapshot?: string | null;
  /** JSON of what an entry says beside. */
  @Field({ type: 'text' }) metadata?: string | null;
  @Field({ type: 'text' }) comment?: string | null;
  @Field({ type: 'string' }) userId?: string | null;
  @Field({ type: 'string', length: 20 }) actorType?: string | null;
  @Field({ type: 'string', length: 128 }) requestId?: string | null;
  @Field({ type: 'string' }) workspaceId?: string | null;
  @Field({ type: 'string', length: 64 }) ip?: string | null;
  @Field({ type: 'string', length: 512 }) userAgent?: string | null;
  @Field({ type: 'datetime', nullable: false }) timestamp!: Date;
}

/** What the keepers of the log share: where its chain begins and ends, and up to when versions were compared with it. */
@Entity({ table: 'kernel_audit_state', history: false })
export class KernelAuditState extends Model {
  @Field({ type: 'text', nullable: false, default: '' }) value!: string;
}
