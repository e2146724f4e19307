import { changeId, type RowChanged } from '../events.js';
import type { Changes } from './describe-change.js';
import type { DescribedEvent } from './version-reader.js';

/** What the change of a row means for somebody's rights. */
export interface AccountEvent {
  eventId: string;
  action: string;
  entity: string;
  entityId: string;
  changes: Changes | null;
  metadata: Readonly<Record<string, unknown>> | null;
}

type Meaning = Omit<AccountEvent, 'eventId'>;
type Interpret = (event: RowChanged, described: DescribedEvent) => Meaning | undefined;

/** By the table that rights stand in: whoever writes there, code, a route or a script, is seen. */
const MEANINGS: Readonly<Record<string, Interpret>> = {
  kernel_auth_users: ({ rowId }, { changes, action }) => {
    const isNewUser = action === 'create' && changes.role?.[1] === 'user';
    if (changes.role && !isNewUser) return ofAccount('auth.role_changed', rowId, { changes: { role: changes.role } });
    if (action !== 'update' || !changes.is_active) return undefined;
    return ofAccount(isTrue(changes.is_active[1]) ? 'auth.account_enabled' : 'auth.account_disabled', rowId, {});
  },
  kernel_workspace_members: (_, { changes, version }) =>
    changes.role && ofAccount('auth.role_changed', version.values.user_id, { changes: { role: changes.role } }),
  kernel_auth_role_assignments: (_, { action, version: { values } }) => {
    const { role_id, resource_type, resource_id } = values;
    const metadata = { role_id, resource_type, resource_id };
    return ofAccount(action === 'delete' ? 'auth.role_revoked' : 'auth.role_assigned', values.user_id, { metadata });
  },
  kernel_api_keys: ({ rowId }, { action, changes }) => {
    const what = keyAction(action, changes);
    if (what === undefined) return undefined;
    return { action: what, entity: 'kernel_api_keys', entityId: rowId, changes: null, metadata: null };
  },
};

/** What is recorded beside the change itself; undefined for what gives or takes no right. */
export function accountEvent(event: RowChanged, described: DescribedEvent): AccountEvent | undefined {
  const meaning = MEANINGS[event.table]?.(event, described);
  return meaning && { eventId: changeId(`right:${event.table}`, event.rowId, event.version), ...meaning };
}

function ofAccount(
  action: string,
  userId: unknown,
  { changes = null, metadata = null }: Partial<Pick<Meaning, 'changes' | 'metadata'>>,
): Meaning {
  return { action, entity: 'account', entityId: String(userId ?? ''), changes, metadata };
}

function keyAction(action: DescribedEvent['action'], changes: Changes): string | undefined {
  if (action === 'create') return 'api_key.created';
  if (action === 'delete' || (changes.revoked_at && changes.revoked_at[1] !== null)) return 'api_key.revoked';
  return changes.key_hash ? 'api_key.rotated' : undefined;
}

/** Engines without booleans write 1. */
const isTrue = (value: unknown): boolean => value === true || value === 1;
