import { chmod } from 'node:fs/promises';
import type { NativeBackup } from '../dialect/native-backup.js';

/** About 20 MB, which hold up others for some 10 ms. */
const PAGES_PER_TURN = 5_000;

/** SQLite's online backup. A reading transaction keeps writers from making it start over. */
export function sqliteNativeBackup(file: string): NativeBackup {
  return {
    extension: 'db',
    write: async (path) => {
      const { default: Sqlite } = await import('better-sqlite3');
      const source = new Sqlite(file, { readonly: true });
      try {
        source.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
        await source.backup(path, { progress: () => PAGES_PER_TURN });
        await chmod(path, 0o600);
      } finally {
        source.close();
      }
    },
  };
}
