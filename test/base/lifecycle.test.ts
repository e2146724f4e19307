import { expect, test } from 'vitest';
import { Lifecycle } from '../../src/base/lifecycle.js';

test('what was acquired last is released first', async () => {
  const lifecycle = new Lifecycle();
  const closed: string[] = [];
  for (const name of ['redis', 'database', 'workers']) lifecycle.push(name, async () => void closed.push(name));
  await lifecycle.close();
  expect(closed).toEqual(['workers', 'database', 'redis']);
});

test('a disposer that fails is named and keeps nobody else from running', async () => {
  const lifecycle = new Lifecycle();
  const closed: string[] = [];
  lifecycle.push('redis', () => void closed.push('redis'));
  lifecycle.push('database', () => Promise.reject(new Error('gone')));
  await expect(lifecycle.close()).rejects.toThrow('Closing database failed');
  expect(closed).toEqual(['redis']);
});

test('closing twice disposes once', async () => {
  const lifecycle = new Lifecycle();
  let disposed = 0;
  lifecycle.push('redis', () => {
    disposed += 1;
  });
  await Promise.all([lifecycle.close(), lifecycle.close()]);
  await lifecycle.close();
  expect(disposed).toBe(1);
});
