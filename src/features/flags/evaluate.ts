import { createHash } from 'node:crypto';
import type { FeatureFlag, FlagStickiness, FlagVariant } from './entities.js';

/** Who asks. */
export interface FlagContext {
  userId?: string | null;
  workspaceId?: string | null;
  /** For callers without a sign-in: a random id that their client keeps. */
  anonymousId?: string | null;
}

/** Why a flag is on or off for somebody. */
export type FlagReason = 'unknown' | 'disabled' | 'schedule' | 'allow_list' | 'everyone' | 'nobody' | 'rollout';

export interface FlagEvaluation {
  enabled: boolean;
  reason: FlagReason;
  /** The variant's name; null where the flag has none, or is off. */
  variant: string | null;
  /** The variant's value; null where there is none. */
  value: unknown;
}

type Rules = Pick<
  FeatureFlag,
  'name' | 'enabled' | 'rolloutPercent' | 'allowedUsers' | 'allowedWorkspaces' | 'variants' | 'stickiness'
> & { startsAt?: Date | null; endsAt?: Date | null };

/** In this order: switched off, outside its time, named in a list, for everyone or nobody, by the caller's bucket. */
export function evaluate(flag: Rules | null, context: FlagContext, at: Date): FlagEvaluation {
  const [enabled, reason] = decide(flag, context, at);
  const variant = enabled && flag ? variantOf(flag, context) : undefined;
  return { enabled, reason, variant: variant?.name ?? null, value: variant?.value ?? null };
}

function decide(flag: Rules | null, context: FlagContext, at: Date): [enabled: boolean, reason: FlagReason] {
  if (!flag) return [false, 'unknown'];
  if (!flag.enabled) return [false, 'disabled'];
  if ((flag.startsAt && at < flag.startsAt) || (flag.endsAt && at >= flag.endsAt)) return [false, 'schedule'];
  const { userId, workspaceId } = context;
  if (userId && flag.allowedUsers.includes(userId)) return [true, 'allow_list'];
  if (workspaceId && flag.allowedWorkspaces.includes(workspaceId)) return [true, 'allow_list'];
  if (flag.rolloutPercent >= 100) return [true, 'everyone'];
  if (flag.rolloutPercent <= 0) return [false, 'nobody'];
  return [bucketOf(flag.name, identifierOf(context, flag.stickiness), 100) < flag.rolloutPercent, 'rollout'];
}

/**
 * 0 to `buckets` - 1, always the same for one flag and identifier, and for another flag another one: the MD5 of
 * `flag:identifier` as a number.
 */
export function bucketOf(flag: string, identifier: string, buckets: number): number {
  const digest = createHash('md5').update(`${flag}:${identifier}`).digest('hex');
  return Number(BigInt(`0x${digest}`) % BigInt(buckets));
}

function identifierOf({ userId, workspaceId, anonymousId }: FlagContext, stickiness: FlagStickiness): string {
  const first = { user: userId, workspace: workspaceId, anonymous: anonymousId }[stickiness];
  return first || userId || workspaceId || anonymousId || 'anonymous';
}

/** By weight, in a bucket of its own: who is in a rollout of 10 % is not for that in the first variant. */
function variantOf({ name, variants, stickiness }: Rules, context: FlagContext): FlagVariant | undefined {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  if (total <= 0) return undefined;
  let left = bucketOf(`${name}:variant`, identifierOf(context, stickiness), total);
  for (const variant of variants) {
    left -= variant.weight;
    if (left < 0) return variant;
  }
  return undefined;
}
