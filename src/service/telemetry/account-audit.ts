import type { Services } from '../../base/services.js';
import { type AuditLogger, type AuditStatus, auditService } from '../../features/audit/index.js';
import type { AuthEvent } from '../../features/auth/index.js';

const FAILURES: ReadonlySet<AuthEvent['type']> = new Set(['login_failed', 'second_factor_failed']);
const DENIALS: ReadonlySet<AuthEvent['type']> = new Set(['login_throttled', 'refresh_reused']);
const MINUTE_MS = 60_000;
const MOST_KEYS = 10_000;
const LONGEST_NAME = 255;

/** Keeps a record of what happens to accounts, and of keys that are used. */
export class AccountAudit {
  readonly #services: Services;
  /** The minute of each key's last record. */
  readonly #used = new Map<string, number>();

  constructor(services: Services) {
    this.#services = services;
  }

  readonly happened = (event: AuthEvent): void => {
    const { type, userId, sessionId, username, ipAddress, userAgent } = event;
    if (type === 'refresh') return; // every quarter of an hour of every session; the session is recorded when it begins
    const metadata = {
      ...(sessionId && { session_id: sessionId }),
      ...(username && { username: username.slice(0, LONGEST_NAME) }),
    };
    this.#logger?.log({
      action: `auth.${type}`,
      entity: 'account',
      entityId: (userId ?? '').slice(0, 255),
      status: statusOf(type),
      metadata,
      origin: {
        ...(userId && { userId, actorType: 'user' }),
        ...(ipAddress && { ip: ipAddress.slice(0, 64) }),
        ...(userAgent && { userAgent: userAgent.slice(0, 512) }),
      },
    });
  };

  /** One record a minute for each key, whatever number of instances see it. */
  readonly keyUsed = (key: { id: string; userId: string; workspaceId: string | null }): void => {
    const minute = Math.floor(Date.now() / MINUTE_MS);
    if (this.#used.get(key.id) === minute) return;
    if (this.#used.size >= MOST_KEYS) this.#used.clear();
    this.#used.set(key.id, minute);
    this.#logger?.log({
      eventId: `api_key.used:${key.id}:${minute}`,
      action: 'api_key.used',
      entity: 'kernel_api_keys',
      entityId: key.id,
      origin: { userId: key.userId, actorType: 'api_key', workspaceId: key.workspaceId },
    });
  };

  get #logger(): AuditLogger | undefined {
    return this.#services.get(auditService)?.logger;
  }
}

function statusOf(type: AuthEvent['type']): AuditStatus {
  if (FAILURES.has(type)) return 'failure';
  return DENIALS.has(type) ? 'denied' : 'success';
}
