import { SchemaError } from '../../base/errors.js';
import type { EntityTarget } from './field-types.js';
import type { EntityMeta } from './metadata.js';

const metaOfClass = new WeakMap<EntityTarget, EntityMeta>();
const declared = new Set<EntityTarget>();

export function registerEntity(meta: EntityMeta): void {
  metaOfClass.set(meta.entity, meta);
  declared.add(meta.entity);
}

/** Every class with `@Entity` that was imported, in order of declaration. */
export function declaredEntities(): EntityTarget[] {
  return [...declared];
}

/** @throws SchemaError when the class has no `@Entity` of its own. */
export function entityMeta(entity: EntityTarget): EntityMeta {
  const meta = metaOfClass.get(entity);
  if (!meta) throw new SchemaError(`${entity.name || 'The class'} has no @Entity({ table: '…' })`);
  return meta;
}
