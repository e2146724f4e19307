import { expect, it } from 'vitest';
import { StatementCache } from '../../../src/orm/postgres/wire/statement-cache.js';

it('keeps the statements that were used last and lets the server forget the others', () => {
  const cache = new StatementCache();
  const first = cache.get('SELECT 1');
  const second = cache.get('SELECT 2');
  for (let i = 0; i < 254; i++) cache.get(`SELECT ${i + 3}`);
  expect(cache.get('SELECT 1')).toBe(first);
  cache.get('one more');
  expect(cache.takeDoomed()).toEqual([second.name]);
  expect(cache.takeDoomed()).toEqual([]);
  expect(cache.get('SELECT 1')).toBe(first);
  expect(cache.get('SELECT 2')).not.toBe(second);
});

it('never gives a name a second time', () => {
  const cache = new StatementCache();
  const failed = cache.get('SELEC 1');
  cache.forget(failed);
  expect(cache.get('SELEC 1').name).not.toBe(failed.name);
  expect(cache.takeDoomed()).toEqual([failed.name]);
});
