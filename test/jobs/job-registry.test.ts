import { expect, it } from 'vitest';
import { ConflictError } from '../../src/base/errors.js';
import { JobRegistry, type TaskOptions } from '../../src/jobs/index.js';

it('registers by call and by task(), and answers what it holds', () => {
  const registry = new JobRegistry();
  const mail = () => 'mail';
  registry.register('mail', mail);
  const clean = registry.task('clean', { maxAttempts: 1, owner: 'ops' })(() => 'clean');
  expect(registry.get('mail')).toBe(mail);
  expect(registry.get('clean')).toBe(clean);
  expect([registry.has('mail'), registry.has('nothing'), registry.get('nothing')]).toEqual([true, false, undefined]);
  expect(registry.getMetadata('clean')).toEqual({ maxAttempts: 1, owner: 'ops' });
  expect(registry.getMetadata('nothing')).toBeUndefined();
  expect(registry.tasks).toEqual({ mail, clean });
});

it('shows its tasks for reading only', () => {
  const registry = JobRegistry.from({ mail: () => {} });
  expect(() => Object.assign(registry.tasks, { other: () => {} })).toThrow(TypeError);
  expect(registry.has('other')).toBe(false);
});

it('refuses options out of range', () => {
  const register = (options: TaskOptions) => () => new JobRegistry().register('mail', () => {}, options);
  for (const options of [
    { maxAttempts: 0 },
    { timeoutMs: 1.5 },
    { retryDelaysMs: [] },
    { retryDelaysMs: [-1] },
    { concurrency: 0 },
    { rateLimit: { max: 0, perMs: 1000 } },
    { rateLimit: { max: 1, perMs: 0.5 } },
  ]) {
    expect(register(options)).toThrow(Object.keys(options)[0]);
  }
});

it('keeps the limits of tasks, whose names must then be plain', () => {
  const registry = new JobRegistry();
  registry.register('mail.send', () => {}, { rateLimit: { max: 5, perMs: 1000 } });
  registry.register('scarce', () => {}, { concurrency: 2 });
  registry.register('a "free" one', () => {});
  expect([...registry.limits]).toEqual([
    ['mail.send', { concurrency: 0, max: 5, perMs: 1000 }],
    ['scarce', { concurrency: 2, max: 0, perMs: 0 }],
  ]);
  expect(() => registry.register('an "odd" one', () => {}, { concurrency: 2 })).toThrow('must be of letters');
});

it('refuses one name for two handlers, and what is no handler', () => {
  const mail = () => {};
  const registry = JobRegistry.from({ mail });
  registry.register('mail', mail);
  expect(() => registry.register('mail', () => {})).toThrow(ConflictError);
  expect(() => registry.register('bad', 'handler' as never)).toThrow('The handler of task "bad" is not a function');
  expect(() => registry.register('', mail)).toThrow('A task needs a name');
});
