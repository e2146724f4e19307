import type { FlagContext, FlagEvaluation } from './evaluate.js';
import { evaluateFlag } from './flags.js';

/** The part of OpenFeature's evaluation context that counts here. */
interface OpenFeatureContext {
  targetingKey?: string;
  userId?: unknown;
  workspaceId?: unknown;
  anonymousId?: unknown;
}

/** An answer of a provider, as OpenFeature's server SDK takes it. */
interface Resolution<T> {
  value: T;
  reason: 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DISABLED' | 'ERROR';
  variant?: string;
  /** One of OpenFeature's codes. Its type is an enum of the SDK, which is not loaded here. */
  errorCode?: never;
}

const REASONS = {
  unknown: 'ERROR',
  disabled: 'DISABLED',
  schedule: 'DISABLED',
  allow_list: 'TARGETING_MATCH',
  everyone: 'STATIC',
  nobody: 'STATIC',
  rollout: 'SPLIT',
} as const;

/**
 * The flags as an OpenFeature provider: `OpenFeature.setProviderAndWait(flagProvider())`. A boolean is whether the flag
 * is on; a string, a number or an object is the value of the caller's variant. The targeting key is the user.
 */
export function flagProvider() {
  return {
    metadata: { name: 'app-kernel' },
    runsOn: 'server' as const,
    resolveBooleanEvaluation: (flag: string, fallback: boolean, context: OpenFeatureContext) =>
      resolve(flag, fallback, context, ({ enabled }) => enabled),
    resolveStringEvaluation: (flag: string, fallback: string, context: OpenFeatureContext) =>
      resolve(flag, fallback, context, variantValue),
    resolveNumberEvaluation: (flag: string, fallback: number, context: OpenFeatureContext) =>
      resolve(flag, fallback, context, variantValue),
    resolveObjectEvaluation: <T extends object | string | number | boolean | null>(
      flag: string,
      fallback: T,
      context: OpenFeatureContext,
    ) => resolve(flag, fallback, context, variantValue),
  };
}

async function resolve<T>(
  flag: string,
  fallback: T,
  context: OpenFeatureContext,
  read: (evaluation: FlagEvaluation) => unknown,
): Promise<Resolution<T>> {
  const evaluation = await evaluateFlag(flag, contextOf(context));
  const reason = REASONS[evaluation.reason];
  if (evaluation.reason === 'unknown') return { value: fallback, reason, errorCode: 'FLAG_NOT_FOUND' as never };
  const value = read(evaluation);
  const variant = evaluation.variant === null ? {} : { variant: evaluation.variant };
  if (value === undefined || (value === null && !evaluation.enabled)) return { value: fallback, reason, ...variant };
  if (typeof value !== typeof fallback)
    return { value: fallback, reason: 'ERROR', errorCode: 'TYPE_MISMATCH' as never };
  return { value: value as T, reason, ...variant };
}

function variantValue({ value }: FlagEvaluation): unknown {
  return value;
}

function contextOf({ targetingKey, userId, workspaceId, anonymousId }: OpenFeatureContext): FlagContext {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    userId: text(userId) ?? targetingKey ?? null,
    workspaceId: text(workspaceId),
    anonymousId: text(anonymousId),
  };
}
