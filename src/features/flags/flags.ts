import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { SessionHandle } from '../../orm/index.js';
import type { FeatureFlag } from './entities.js';
import type { FlagContext, FlagEvaluation } from './evaluate.js';
import { type FlagSettings, FlagStore } from './flag-store.js';

interface OnDatabase {
  /** Default the database of the running kernel. */
  db?: SessionHandle;
}

export const flagService: ServiceKey<FlagStore> = serviceKey('feature flags');

/** Whether the flag is on for `context`; a flag that does not exist is off. */
export async function flagEnabled(name: string, { db, ...context }: FlagContext & OnDatabase = {}): Promise<boolean> {
  return (await storeOf(db).evaluate(name, context)).enabled;
}

/** The same with its reason, and the variant and value that `context` gets; `at` asks what it got at that moment. */
export async function evaluateFlag(
  name: string,
  { db, at, ...context }: FlagContext & OnDatabase & { at?: Date } = {},
): Promise<FlagEvaluation> {
  return storeOf(db).evaluate(name, context, at);
}

/** Makes the flag, or sets the one of that name anew; what is left out goes back to its default. */
export async function setFlag(name: string, { db, ...settings }: FlagSettings & OnDatabase = {}): Promise<FeatureFlag> {
  return (await storeOf(db).set(name, settings)).flag;
}

export async function listFlags({ db }: OnDatabase = {}): Promise<FeatureFlag[]> {
  return storeOf(db).list();
}

/** False when there was none. */
export async function deleteFlag(name: string, { db }: OnDatabase = {}): Promise<boolean> {
  return storeOf(db).delete(name);
}

function storeOf(db: SessionHandle | undefined): FlagStore {
  return db ? new FlagStore({ db }) : (ambientService(flagService) ?? new FlagStore());
}
