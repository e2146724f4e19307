import { describe, expect, it } from 'vitest';
import { bucketOf, evaluate, type FlagContext } from '../../../src/features/flags/evaluate.js';

const flag = (changes: object = {}) => ({
  name: 'beta',
  enabled: true,
  rolloutPercent: 100,
  allowedUsers: [] as string[],
  allowedWorkspaces: [] as string[],
  variants: [] as Array<{ name: string; weight: number; value?: unknown }>,
  stickiness: 'user' as const,
  ...changes,
});
const at = new Date('2026-06-01T00:00:00Z');
const decide = (changes: object, context: FlagContext = { userId: 'u1' }) => {
  const { enabled, reason } = evaluate(flag(changes), context, at);
  return [enabled, reason];
};

describe('a flag', () => {
  it.each([
    ['new_dashboard', 'user-456', 42],
    ['beta', 'u1', 57],
    ['beta', 'u2', 38],
    ['beta_feature', 'anonymous', 28],
  ])('%s puts %s into bucket %i', (name, identifier, bucket) => {
    expect(bucketOf(name, identifier, 100)).toBe(bucket);
  });

  it('is decided by the first rule that applies', () => {
    expect(evaluate(null, {}, at)).toEqual({ enabled: false, reason: 'unknown', variant: null, value: null });
    expect(decide({ enabled: false, allowedUsers: ['u1'] })).toEqual([false, 'disabled']);
    expect(decide({ startsAt: new Date('2026-06-01T00:00:01Z'), allowedUsers: ['u1'] })).toEqual([false, 'schedule']);
    expect(decide({ endsAt: at })).toEqual([false, 'schedule']);
    expect(decide({ startsAt: at, endsAt: new Date('2026-06-02') })).toEqual([true, 'everyone']);
    expect(decide({ rolloutPercent: 0, allowedUsers: ['u1'] })).toEqual([true, 'allow_list']);
    expect(decide({ rolloutPercent: 0, allowedWorkspaces: ['w'] }, { workspaceId: 'w' })).toEqual([true, 'allow_list']);
    expect(decide({ rolloutPercent: 0 })).toEqual([false, 'nobody']);
    expect(decide({ rolloutPercent: 58 })).toEqual([true, 'rollout']);
    expect(decide({ rolloutPercent: 57 })).toEqual([false, 'rollout']);
  });

  it('sticks to the user, else the workspace, else the anonymous id, or to what it was told', () => {
    const enabled = (stickiness: string, context: FlagContext) =>
      decide({ rolloutPercent: 50, stickiness }, context)[0];
    const both = { userId: 'u1', workspaceId: 'u2', anonymousId: 'u2' };
    expect(enabled('user', both)).toBe(false); // bucket 57
    expect(enabled('workspace', both)).toBe(true); // bucket 38
    expect(enabled('anonymous', both)).toBe(true);
    expect(enabled('workspace', { userId: 'u1' })).toBe(false);
    expect(enabled('user', { anonymousId: 'u2' })).toBe(true);
    expect(decide({ name: 'beta_feature', rolloutPercent: 29 }, {})).toEqual([true, 'rollout']);
  });

  it('spreads its variants by weight, and the same for the same caller', () => {
    const variants = [
      { name: 'red', weight: 1, value: { color: '#f00' } },
      { name: 'blue', weight: 3, value: 'blue' },
      { name: 'never', weight: 0 },
    ];
    const seen: Record<string, number> = {};
    for (let user = 0; user < 4_000; user++) {
      const once = evaluate(flag({ variants }), { userId: `u${user}` }, at);
      expect(evaluate(flag({ variants }), { userId: `u${user}` }, at)).toEqual(once);
      seen[once.variant ?? ''] = (seen[once.variant ?? ''] ?? 0) + 1;
    }
    expect(Object.keys(seen).sort()).toEqual(['blue', 'red']);
    expect(seen.red).toBeGreaterThan(850);
    expect(seen.red).toBeLessThan(1_150);
    expect(evaluate(flag({ variants, enabled: false }), { userId: 'u1' }, at)).toMatchObject({
      variant: null,
      value: null,
    });
  });
});
