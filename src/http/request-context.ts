import { uuidv7 } from '../base/ids.js';
import { getRealIp } from './edge/client-address.js';
import type { HttpContext } from './request-state.js';
import type { UserIdentity } from './user-identity.js';

export interface RequestContextFields {
  user: UserIdentity | null;
  requestId: string;
  timestamp: Date;
  ipAddress: string | null;
  userAgent: string | null;
}

/** Who asks, from where and when: what services take instead of a Koa context. */
export class RequestContext implements RequestContextFields {
  readonly user: UserIdentity | null;
  readonly requestId: string;
  readonly timestamp: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;

  constructor(fields: Partial<RequestContextFields> = {}) {
    this.user = fields.user ?? null;
    this.requestId = fields.requestId ?? uuidv7();
    this.timestamp = fields.timestamp ?? new Date();
    this.ipAddress = fields.ipAddress ?? null;
    this.userAgent = fields.userAgent ?? null;
  }

  get isAuthenticated(): boolean {
    return this.user !== null;
  }

  get userId(): string | null {
    return this.user?.id ?? null;
  }

  get isAdmin(): boolean {
    return this.user?.isAdmin ?? false;
  }
}

/** The context of a request that goes through the stack. */
export function getRequestContext(ctx: HttpContext): RequestContext {
  const { user, requestId, startedAt } = ctx.state;
  return new RequestContext({
    user: user ?? null,
    requestId,
    timestamp: startedAt,
    ipAddress: getRealIp(ctx),
    userAgent: ctx.get('User-Agent') || null,
  });
}
