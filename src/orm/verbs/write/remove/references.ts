import type { OnDelete } from '../../../entity/field-types.js';
import type { EntityMeta } from '../../../entity/metadata.js';
import { entityMeta } from '../../../entity/registry.js';
import type { DatabaseCore } from '../../../session/database-core.js';
import { type EntityPlan, entityPlan, type PlannedColumn } from '../../../sql/entity-plan.js';

/** A field that names rows of an entity, and what becomes of its row when the named one is deleted for good. */
export interface Reference {
  readonly plan: EntityPlan;
  readonly column: PlannedColumn;
  readonly onDelete: OnDelete;
}

/** The fields of this database's entities that name rows of `target`. */
export function referencesTo(core: DatabaseCore, target: EntityMeta): Reference[] {
  return core.entities.map(entityMeta).flatMap((meta) =>
    meta.fields.flatMap((field) => {
      const { references, onDelete = 'restrict' } = field.options;
      if (!references || entityMeta(references()).table !== target.table) return [];
      const plan = entityPlan(meta, core.dialect);
      return [{ plan, column: plan.column(field.property), onDelete }];
    }),
  );
}

/** Whether, of rows of `target` and of what follows them, one may stand against the deletion of another. */
export function mayHoldEachOther(core: DatabaseCore, target: EntityMeta): boolean {
  const going = new Map([[target.table, target]]);
  for (const meta of going.values()) {
    for (const { plan, onDelete } of referencesTo(core, meta))
      if (onDelete === 'cascade') going.set(plan.meta.table, plan.meta);
  }
  return [...going.values()].some((meta) =>
    referencesTo(core, meta).some(({ plan, onDelete }) => onDelete === 'restrict' && going.has(plan.meta.table)),
  );
}
