import { describe, expect, it } from 'vitest';
import { messageBody } from '../../../src/features/webhooks/delivery/message-body.js';

const bodyOf = (data: unknown): string => messageBody({ event: 'order.paid', data, at: new Date(0) });

describe('the body of a message', () => {
  it('is event, data and time', () => {
    expect(JSON.parse(bodyOf({ id: 7, note: null }))).toEqual({
      event: 'order.paid',
      data: { id: 7, note: null },
      timestamp: '1970-01-01T00:00:00.000Z',
    });
  });

  it.each([
    [{ amount: 1n }, /data: cannot be written as JSON; pass plain data/],
    [{ lines: new Map([['a', 1]]) }, /data: cannot be written as JSON \(a Map has no form in it\)/],
    ['x'.repeat(300_000), /data: is 3000\d\d bytes as JSON, more than 262144/],
  ])('refuses what would arrive as something else, and too much', (data, why) => {
    expect(() => bodyOf(data)).toThrow(why);
  });
});
