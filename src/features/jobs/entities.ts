import { Entity, Field, Model } from '../../orm/index.js';

/** A job that a transaction has committed, until the queue has it. */
@Entity({ table: 'kernel_jobs_outbox', history: false })
export class KernelJobOutbox extends Model {
  @Field({ type: 'text', nullable: false }) payload!: string;
}
