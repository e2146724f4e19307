import type { DatabaseHandle, Versioned } from '../../orm/index.js';
import { FeatureFlag } from './entities.js';

/** What a flag was, from `historyTimestamp` on. */
export interface FlagVersion {
  version: Versioned<FeatureFlag>;
  /** There was no such flag from then on; its values are the last ones. */
  isDeletion: boolean;
}

interface Key {
  id: string;
  version: number | string;
  _version: number | string | null;
}

/** A name that was deleted and given again stands for flags of several ids: what anybody saw then is in all of them. */
export async function versionsOfName(db: DatabaseHandle, name: string): Promise<FlagVersion[]> {
  const keys = await db.query<Key>(
    'SELECT [id], [version], [_version] FROM [kernel_feature_flags_history] WHERE [name] = ? ORDER BY [history_timestamp], [id], [version]',
    [name],
  );
  const versions: FlagVersion[] = [];
  for (const id of new Set(keys.map((key) => key.id))) {
    const ends = new Set(
      keys.filter((key) => key.id === id && key._version === null).map((key) => Number(key.version)),
    );
    const ofOne = (await FeatureFlag.history(id, { db })).toReversed();
    versions.push(...ofOne.map((version) => ({ version, isDeletion: ends.has(version.version) })));
  }
  return versions.reverse();
}
