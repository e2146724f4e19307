import { Entity, Field, Model } from 'app-kernel/orm';

@Entity({ table: 'products', unique: [['workspaceId', 'name']] })
export class Product extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0, check: '[price] >= 0' }) price!: number;
  @Field({ type: 'integer', default: 0, check: '[stock] >= 0' }) stock!: number;
  @Field({ type: 'json' }) tags?: string[];
  @Field({ type: 'string', index: true }) workspaceId!: string;
  @Field({ type: 'string', default: 'draft', check: "[status] IN ('draft', 'published')" }) status!: string;
}
