import { AuthError } from '../../http/errors.js';
import { UserIdentity } from '../../http/index.js';
import type { Authenticator, UserStore } from '../auth/index.js';
import type { MemberStore } from '../saas/index.js';
import { type ApiKeyStore, isApiKey } from './api-key-store.js';

export interface ApiKeyAuthenticatorOptions {
  keys: ApiKeyStore;
  users: Pick<UserStore, 'getById'>;
  /** Whether a key's user still belongs to its workspace. */
  members: Pick<MemberStore, 'isMember'>;
  /** Told of every request that a key has signed in. */
  onUse?(key: { id: string; userId: string; workspaceId: string | null }): void;
}

/**
 * Signs programs in by `Authorization: Bearer sk_…`. Nothing is remembered between requests: a key is refused with the next
 * one after it was revoked, its user disabled, or its user removed from its workspace.
 */
export function createApiKeyAuthenticator({ keys, users, members, onUse }: ApiKeyAuthenticatorOptions): Authenticator {
  const refused = () => new AuthError('Invalid or expired API key');
  return {
    claims: (credential) => /^(sk|pk|key)_/.test(credential),
    async authenticate(credential) {
      if (!isApiKey(credential)) throw new AuthError('Invalid API key format');
      const key = await keys.verify(credential);
      const user = key && (await users.getById(key.userId));
      if (!key || !user?.isActive) throw refused();
      const { id: keyId, scopes, workspaceId, rateLimit } = key;
      if (workspaceId && !(await members.isMember(workspaceId, user.id))) throw refused();
      onUse?.({ id: keyId, userId: user.id, workspaceId: workspaceId ?? null });
      const { id, email, isActive, createdAt } = user;
      const inWorkspace = workspaceId ? { workspaceId } : {};
      return {
        // Never an admin: what a key may do is what its scopes say.
        user: new UserIdentity({ id, email: email ?? '', role: 'user', isActive, createdAt, ...inWorkspace }),
        auth: {
          type: 'api_key',
          userId: id,
          keyId,
          scopes,
          ...inWorkspace,
          ...(typeof rateLimit === 'number' && { rateLimit }),
        },
      };
    },
  };
}
