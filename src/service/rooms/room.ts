import type { RouteTable } from '../../http/index.js';
import type { BootOptions } from '../boot.js';
import type { Engines } from '../engines.js';
import type { Identity } from '../identity.js';

/** What a room is opened with. What it opens goes on `lifecycle`, what accessors answer with on `services`. */
export interface RoomOptions extends BootOptions {
  engines: Engines;
  identity: Identity;
}

/** One capability of a running kernel. */
export interface Room {
  /** The kernel's own routes come before the service's. */
  mount?(routes: RouteTable, prefix: string): void;
  /** After migrations and seeds, before workers run. */
  start?(): void | Promise<void>;
}

/** `undefined` where the room is switched off or cannot be without what is missing. */
export type OpenRoom = (options: RoomOptions) => Room | undefined;
