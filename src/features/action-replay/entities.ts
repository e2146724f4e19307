import { Entity, Field, Model } from '../../orm/index.js';

/** What a user did before something broke: their last steps, as the page has recorded them, without secrets. */
@Entity({ table: 'kernel_action_replays', history: false })
export class ActionReplay extends Model {
  @Field({ type: 'string', index: true }) workspaceId?: string | null;
  /** Null where nobody was signed in. */
  @Field({ type: 'string', index: true }) userId?: string | null;
  @Field({ type: 'string', nullable: false, default: '', length: 500 }) errorMessage!: string;
  /** `js_error`, `unhandled_promise`, `api_5xx`, or a name of the page's own. */
  @Field({ type: 'string', nullable: false, default: '', length: 50 }) errorSource!: string;
  @Field({ type: 'string', nullable: false, default: '', length: 500 }) url!: string;
  @Field({ type: 'string', nullable: false, default: '', length: 300 }) userAgent!: string;
  /** The same for errors that are the same but for ids and numbers. */
  @Field({ type: 'string', nullable: false, length: 32, index: true }) fingerprint!: string;
  @Field({ type: 'json', nullable: false, default: [] }) replayLog!: ReplayStep[];
  @Field({ type: 'boolean', nullable: false, default: false }) resolved!: boolean;
  @Field({ type: 'datetime', nullable: false, index: true }) timestamp!: Date;
}

/** One step of a replay: `{ seq, type, detail, ts, elapsed_ms }` where it comes from the kernel's own client. */
export type ReplayStep = Readonly<Record<string, unknown>>;
