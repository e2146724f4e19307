import { describe, expect, it } from 'vitest';
import { SendSlots } from '../../../src/features/webhooks/delivery/send-slots.js';

/** So many slots as there are, until none is left. */
function takeAll(slots: SendSlots, endpoint: string): Array<(tookLong: boolean) => void> {
  const taken = [];
  for (let back = slots.take(endpoint); back; back = slots.take(endpoint)) taken.push(back);
  return taken;
}

const known = (slots: SendSlots, endpoint: string): void => slots.take(endpoint)?.(false);

describe('slots', () => {
  it('are one for an endpoint that nobody knows yet, and some once it has answered quickly', () => {
    const slots = new SendSlots({ total: 100, perEndpoint: 4 });
    const [back, ...more] = takeAll(slots, 'a');
    expect(more).toEqual([]);
    back?.(false);
    expect(slots.freeFor('a')).toBe(4);
    const all = takeAll(slots, 'a');
    expect([all.length, slots.freeFor('a')]).toEqual([4, 0]);
    all.pop()?.(true);
    expect(slots.freeFor('a')).toBeLessThanOrEqual(0);
    for (const one of all) one(true);
    expect(slots.freeFor('a')).toBe(1);
  });

  it('are left for those that answer, however many hang', () => {
    const slots = new SendSlots({ total: 10, perEndpoint: 4 });
    known(slots, 'good');
    const hanging = Array.from({ length: 20 }, (_, index) => slots.take(`tarpit ${index}`));
    expect(hanging.filter(Boolean)).toHaveLength(5);
    expect(takeAll(slots, 'good')).toHaveLength(4);
    expect(slots.nextWaiting()).toBeUndefined();
    hanging[0]?.(true);
    expect(slots.nextWaiting()).toBe('tarpit 5');
    expect(slots.take('tarpit 5')).toBeDefined();
    expect(slots.nextWaiting()).toBeUndefined();
  });

  it('come back in whatever order', () => {
    const slots = new SendSlots({ total: 4, perEndpoint: 3 });
    known(slots, 'a');
    const [first, second, third] = takeAll(slots, 'a');
    second?.(true);
    third?.(false);
    first?.(false);
    expect(slots.freeFor('a')).toBe(3);
    expect(slots.freeFor('b')).toBe(1);
  });
});
