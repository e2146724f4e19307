import { expect, it } from 'vitest';
import { BriskSet } from '../../src/base/brisk-set.js';

it('holds what was added and not removed, through thousands that come and go', () => {
  const set = new BriskSet<number>();
  const model = new Set<number>();
  for (let at = 0; at < 5000; at++) {
    set.add(at);
    model.add(at);
    if (at % 7 === 0) continue; // so that it also grows above the removals after which it is copied
    set.delete(at - 3);
    model.delete(at - 3);
  }
  expect(set.size).toBe(model.size);
  expect([...set]).toEqual([...model]);
  expect([0, 1, 4, 4999].map((at) => set.has(at))).toEqual([0, 1, 4, 4999].map((at) => model.has(at)));
  set.delete(-1);
  expect(set.size).toBe(model.size);
});

it('can be gone through while its members are removed', () => {
  const set = new BriskSet<number>();
  for (let at = 0; at < 3000; at++) set.add(at);
  const seen: number[] = [];
  for (const member of set) {
    seen.push(member);
    set.delete(member);
  }
  expect(seen).toHaveLength(3000);
  expect(set.size).toBe(0);
});
