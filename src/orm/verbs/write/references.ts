import type { EntityMeta } from '../../entity/metadata.js';
import { entityMeta } from '../../entity/registry.js';
import type { DatabaseCore } from '../../session/database-core.js';
import { type EntityPlan, entityPlan, type PlannedColumn } from '../../sql/entity-plan.js';

/** A field that names rows of an entity, and what becomes of its row when the named one is deleted for good. */
export interface Reference {
  readonly plan: EntityPlan;
  readonly column: PlannedColumn;
  readonly onDelete: 'cascade' | 'set null';
}

/** The fields of this database's entities that have to follow when rows of `target` are deleted for good. */
export function referencesTo(core: DatabaseCore, target: EntityMeta): Reference[] {
  return core.entities.map(entityMeta).flatMap((meta) =>
    meta.fields.flatMap((field) => {
      const { references, onDelete } = field.options;
      if (onDelete !== 'cascade' && onDelete !== 'set null') return [];
      if (!references || entityMeta(references()).table !== target.table) return [];
      const plan = entityPlan(meta, core.dialect);
      return [{ plan, column: plan.column(field.property), onDelete }];
    }),
  );
}
