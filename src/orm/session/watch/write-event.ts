import type { Actor } from '../../../base/context.js';

export type WriteAction = 'create' | 'update' | 'delete' | 'restore';

/** One committed change of one row. Delivered after the commit, in the order the changes were made. */
export interface WriteEvent {
  readonly table: string;
  /** The class's name. */
  readonly entity: string;
  readonly id: string;
  /** The version the change made. */
  readonly version: number;
  /** `delete` also stands for a soft delete; `after` is then the row with its `deletedAt`. */
  readonly action: WriteAction;
  /** The row before, `undefined` for a new one. */
  readonly before: object | undefined;
  /** The row after, `undefined` when it is gone for good. */
  readonly after: object | undefined;
  readonly actor: Actor | undefined;
  readonly requestId: string | undefined;
}

/** Called in the order of registration; what it throws or rejects with is logged. */
export type WriteListener = (event: WriteEvent) => unknown;
