import { Entity, Field, Model } from '../../../src/orm/index.js';

@Entity({ table: 'products', unique: [['workspaceId', 'name']] })
export class Product extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0, check: '[price] >= 0' }) price!: number;
  @Field({ type: 'json' }) tags?: string[];
  @Field({ type: 'string', index: true }) workspaceId!: string;
  @Field({ default: 'draft', check: "[status] IN ('draft', 'published')" }) status!: string;
}

/** Nothing in it is unique, so that only locks make `matchBy` atomic. */
@Entity({ table: 'counters' })
export class Counter extends Model {
  @Field({ type: 'string' }) name!: string;
  @Field({ type: 'integer', default: 0 }) value!: number;
}

@Entity({ table: 'notes', tenant: 'workspaceId' })
export class Note extends Model {
  @Field({ type: 'string', nullable: false }) workspaceId!: string;
  @Field({ type: 'text' }) body!: string;
}

@Entity({ table: 'log_lines', history: false })
export class LogLine extends Model {
  @Field({ type: 'text' }) line!: string;
}

@Entity({ table: 'comments' })
export class Comment extends Model {
  @Field({ type: 'string', nullable: false, references: () => Product, onDelete: 'cascade' }) productId!: string;
  @Field({ type: 'text' }) body!: string;
}

@Entity({ table: 'samples' })
export class Sample extends Model {
  @Field({ type: 'string', length: 10 }) string?: string | null;
  @Field({ type: 'text' }) text?: string | null;
  @Field({ type: 'integer' }) integer?: number | null;
  @Field({ type: 'bigint' }) bigint?: bigint | null;
  @Field({ type: 'number' }) number?: number | null;
  @Field({ type: 'decimal', precision: 12, scale: 2 }) decimal?: string | null;
  @Field({ type: 'decimal', precision: 30, scale: 10 }) longDecimal?: string | null;
  @Field({ type: 'boolean' }) boolean?: boolean | null;
  @Field({ type: 'datetime' }) datetime?: Date | null;
  @Field({ type: 'date' }) date?: string | null;
  @Field({ type: 'json' }) json?: unknown;
  @Field({ type: 'uuid' }) uuid?: string | null;
  @Field({ type: 'blob' }) blob?: Uint8Array | null;
}

export const ENTITIES = [Product, Counter, Note, LogLine, Comment, Sample];
