import type { SessionHandle } from '../../orm/index.js';
import type { ActionReplay } from './entities.js';
import { type NewReplay, type ReplayPage, ReplayStore, type ReplaySummary } from './replay-store.js';

interface OnDatabase {
  /** Default the database of the running kernel. */
  db?: SessionHandle;
}

/** Keeps a replay. @returns its id @throws ValidationError for a log that is no array of steps */
export async function saveReplay({ db, ...replay }: NewReplay & OnDatabase): Promise<string> {
  return new ReplayStore({ db }).save(replay);
}

/** Newest first, without their steps. */
export async function listReplays({ db, ...page }: ReplayPage & OnDatabase = {}): Promise<ReplaySummary[]> {
  return new ReplayStore({ db }).list(page);
}

/** One replay with its steps. */
export async function getReplay(replayId: string, { db }: OnDatabase = {}): Promise<ActionReplay | null> {
  return new ReplayStore({ db }).get(replayId);
}

/** Marks it as resolved, with `alike` every other one of the same error too. False when there is none of that id. */
export async function resolveReplay(
  replayId: string,
  { db, alike }: OnDatabase & { alike?: boolean } = {},
): Promise<boolean> {
  return new ReplayStore({ db }).resolve(replayId, { alike });
}
