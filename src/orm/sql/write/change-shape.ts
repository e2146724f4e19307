import type { PlannedColumn } from '../entity-plan.js';

/** Hides a row from reads, or shows it again. */
export type Deletion = 'hide' | 'show';

/** What a change of one row writes, and what the row must be like. */
export interface ChangeShape {
  /** The columns that are changed; none where only the state of deletion is. */
  readonly indexes: readonly number[];
  /** Left out: the row must not be hidden and stays so. */
  readonly deletion: Deletion | undefined;
  readonly tenant: PlannedColumn | undefined;
  /** Whether the row must have a certain version. */
  readonly expects: boolean;
}

/** A number of what a shape says beside its columns; an entity has one tenant column, if any. */
export function kindOf({ deletion, tenant, expects }: ChangeShape): number {
  const kind = deletion === undefined ? 0 : deletion === 'hide' ? 1 : 2;
  return kind * 4 + (tenant ? 2 : 0) + (expects ? 1 : 0);
}
