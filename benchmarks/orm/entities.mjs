import { Entity, Field, Model } from '../../dist/orm/index.js';

const FIELDS = {
  name: { type: 'string', nullable: false },
  sku: { type: 'string', nullable: false, unique: true },
  category: { type: 'string', nullable: false, index: true },
  status: { type: 'string', nullable: false },
  note: { type: 'string', nullable: false },
  price: { type: 'integer', nullable: false },
  stock: { type: 'integer', nullable: false },
  attributes: { type: 'json', nullable: false },
};

/** The row of `rows.mjs` as an entity: what decorators do, in a file that no compiler has to touch. */
export function declareItem(table, options) {
  class Item extends Model {}
  for (const [property, field] of Object.entries(FIELDS)) Field(field)(Item.prototype, property);
  Entity({ table, ...options })(Item);
  return Item;
}
