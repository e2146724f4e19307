import type { Actor, AmbientContext } from '../../../base/context.js';

export type WriteAction = 'create' | 'update' | 'delete' | 'restore';

/** That a row was changed, and by whom: what can be told without reading the row as it was. */
export interface ChangeEvent {
  readonly table: string;
  /** The class's name. */
  readonly entity: string;
  readonly id: string;
  /** The version the change made. */
  readonly version: number;
  /** `delete` also stands for a soft delete. */
  readonly action: WriteAction;
  readonly actor: Actor | undefined;
  readonly requestId: string | undefined;
  /** What was ambient where the row was written; at the end of a transaction it may be something else. */
  readonly context: AmbientContext;
}

/** One committed change of one row. Delivered after the commit, in the order the changes were made. */
export interface WriteEvent extends ChangeEvent {
  /** The row before, `undefined` for a new one. */
  readonly before: object | undefined;
  /** The row after, `undefined` when it is gone for good. A soft delete leaves the row with its `deletedAt`. */
  readonly after: object | undefined;
}

/** Called in the order of registration; what it throws or rejects with is logged. */
export type WriteListener = (event: WriteEvent) => unknown;
export type ChangeListener = (event: ChangeEvent) => unknown;

/** Whether the rows were looked at, because somebody listened to that when the change was made. */
export function showsRows(event: ChangeEvent): event is WriteEvent {
  return 'before' in event;
}
