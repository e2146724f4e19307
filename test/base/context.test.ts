import { afterEach, expect, test } from 'vitest';
import {
  currentContext,
  runInContext,
  runWithContext,
  withActor,
  withoutTenant,
  withTenant,
} from '../../src/base/context.js';
import { ambientService, Services, serviceKey } from '../../src/base/services.js';

const GREETING = serviceKey<string>('greeting');
const opened: Services[] = [];
const open = (greeting: string): Services => {
  const services = new Services();
  services.provide(GREETING, greeting);
  opened.push(services);
  return services;
};

afterEach(() => {
  for (const services of opened.splice(0)) services.close();
});

test('changes are laid over the outer context, and gone outside', async () => {
  await runWithContext({ requestId: 'r1' }, async () => {
    await withActor({ id: 'u1' }, async () => {
      await Promise.resolve();
      expect(currentContext()).toMatchObject({ requestId: 'r1', actor: { id: 'u1', type: 'user' } });
    });
    expect(currentContext().actor).toBeUndefined();
  });
  expect(currentContext()).toEqual({});
});

test('a job inherits nothing from the code that started it', () => {
  runWithContext({ requestId: 'r1' }, () => {
    runInContext({ requestId: 'r2' }, () => expect(currentContext()).toEqual({ requestId: 'r2' }));
  });
});

test('a tenant scope can be set and deliberately lifted', () => {
  withTenant('t1', () => {
    expect(currentContext().tenantId).toBe('t1');
    withoutTenant(() => expect(currentContext().tenantId).toBeNull());
  });
});

test('before any kernel there is no service', () => {
  expect(ambientService(GREETING)).toBeUndefined();
});

test('outside a request the newest live kernel answers, inside it its own', () => {
  const first = open('first');
  const second = open('second');
  expect(ambientService(GREETING)).toBe('second');
  runWithContext({ services: first }, () => expect(ambientService(GREETING)).toBe('first'));
  second.close();
  expect(ambientService(GREETING)).toBe('first');
});
