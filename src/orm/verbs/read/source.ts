import type { EntityPlan } from '../../sql/entity-plan.js';
import { type Fragment, NOTHING } from '../../sql/read/fragment.js';

/** What the rows of an entity are read from. */
export type Source = (plan: EntityPlan) => Fragment;

/** The table itself. */
export const PRESENT: Source = () => NOTHING;
