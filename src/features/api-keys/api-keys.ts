import type { SessionHandle } from '../../orm/index.js';
import { ApiKeyStore, type IssuedApiKey, type ListApiKeysOptions, type NewApiKey } from './api-key-store.js';
import type { KernelApiKey } from './entities.js';

interface On {
  /** Default the ambient or the newest open database. */
  db?: SessionHandle;
}

/** A key with the power of `userId` in one workspace (or, with null, in all of them), narrowed to its scopes. */
export function createApiKey(
  userId: string,
  workspaceId: string | null,
  { db, ...options }: NewApiKey & On,
): Promise<IssuedApiKey> {
  return storeOn(db).create(userId, workspaceId, options);
}

/** The user's keys, newest first; never the secrets. */
export function listApiKeys(userId: string, { db, ...options }: ListApiKeysOptions & On = {}): Promise<KernelApiKey[]> {
  return storeOn(db).listForUser(userId, options);
}

/** False when the user has no such key. */
export async function revokeApiKey(keyId: string, userId: string, { db }: On = {}): Promise<boolean> {
  const keys = storeOn(db);
  const key = await keys.get(keyId);
  return key?.userId === userId && keys.revoke(keyId);
}

function storeOn(db: SessionHandle | undefined): ApiKeyStore {
  return new ApiKeyStore(db ? { db } : {});
}
