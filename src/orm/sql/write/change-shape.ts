import type { PlannedColumn } from '../entity-plan.js';

/** Hides a row from reads, or shows it again. */
export type Deletion = 'hide' | 'show';

/** What a change of one row writes, and what the row must be like. */
export interface ChangeShape {
  /** The same for the same text. */
  readonly key: string;
  /** The columns that are changed; none where only the state of deletion is. */
  readonly indexes: readonly number[];
  /** Left out: the row must not be hidden and stays so. */
  readonly deletion: Deletion | undefined;
  readonly tenant: PlannedColumn | undefined;
  /** Whether the row must have a certain version. */
  readonly expects: boolean;
}

export function changeShape(shape: Omit<ChangeShape, 'key'>): ChangeShape {
  const { indexes, deletion, tenant, expects } = shape;
  return { ...shape, key: `${indexes.join()} ${deletion} ${tenant?.index} ${expects}` };
}
