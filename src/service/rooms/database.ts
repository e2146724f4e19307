import { createDatabaseRouter } from '../../features/database/index.js';
import type { Room, RoomOptions } from './room.js';

export function openDatabaseRoom({ settings, engines: { database } }: RoomOptions): Room | undefined {
  if (!database || !settings.auth.enabled) return undefined;
  const { dataDir } = settings.database;
  return { mount: (routes, prefix) => routes.mount([createDatabaseRouter({ database, dataDir })], prefix) };
}
