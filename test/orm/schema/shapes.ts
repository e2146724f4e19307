import { Entity, type EntityTarget, Field, Model } from '../../../src/orm/index.js';

@Entity({ table: 'people' })
export class OldPerson extends Model {
  @Field({ type: 'string' }) name?: string;
}

@Entity({ table: 'items' })
export class OldItem extends Model {
  @Field({ type: 'string', nullable: false, length: 40 }) name!: string;
  @Field({ type: 'string' }) ownerId?: string | null;
  @Field({ type: 'integer' }) price?: number | null;
  @Field({ type: 'text' }) note?: string | null;
}

@Entity({ table: 'owners', renamedFrom: 'people' })
export class Owner extends Model {
  @Field({ type: 'string' }) name?: string;
}

@Entity({
  table: 'items',
  unique: [['label', 'amount']],
  indexes: [{ fields: ['price desc'], where: '[amount] > 0' }],
  checks: ['[price] >= 0'],
})
export class Item extends Model {
  @Field({ type: 'string', nullable: false, length: 80, renamedFrom: 'name', unique: true, default: 'none' })
  label!: string;
  @Field({ type: 'integer', nullable: false, default: 1, check: '[amount] > 0' }) amount!: number;
  @Field({ type: 'string', references: () => Owner, index: true }) ownerId?: string | null;
  @Field({ type: 'integer', nullable: false, default: 7 }) price!: number;
  @Field({ type: 'string', length: 100 }) note?: string | null;
  @Field({ type: 'text', unique: { includeDeleted: true } }) slug?: string | null;
}

export const OLD_SHAPE: EntityTarget[] = [OldPerson, OldItem];
/** What a migration has to do every kind of step for. */
export const NEW_SHAPE: EntityTarget[] = [Owner, Item];
