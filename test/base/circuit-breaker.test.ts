import { beforeEach, expect, test } from 'vitest';
import { CircuitBreaker } from '../../src/base/circuit-breaker.js';
import { FakeClock } from '../../src/base/clock.js';
import { CircuitOpenError } from '../../src/base/errors.js';

const down = (): Promise<never> => Promise.reject(new Error('down'));
const up = (): Promise<string> => Promise.resolve('up');
let clock: FakeClock;
let breaker: CircuitBreaker;

beforeEach(() => {
  clock = new FakeClock();
  breaker = new CircuitBreaker('database', { failureThreshold: 3, windowMs: 1000, openMs: 500, probes: 2, clock });
});

async function fail(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await expect(breaker.run(down)).rejects.toThrow('down');
}

test('failures inside the window open the circuit, and calls are refused without being tried', async () => {
  await fail(3);
  let tried = false;
  const call = breaker.run(async () => {
    tried = true;
  });
  await expect(call).rejects.toBeInstanceOf(CircuitOpenError);
  expect(tried).toBe(false);
});

test('a caller who tries again at once does not hold up the event loop', async () => {
  await fail(3);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let attempt = 0; attempt < 10; attempt++) await expect(breaker.run(up)).rejects.toBeInstanceOf(CircuitOpenError);
  expect(turned).toBe(true);
});

test('failures further apart than the window do not add up', async () => {
  await fail(2);
  clock.advance(1500);
  await fail(2);
  expect(breaker.state).toBe('closed');
});

test('faults of the caller do not count', async () => {
  const picky = new CircuitBreaker('database', { failureThreshold: 1, isFailure: () => false, clock });
  await expect(picky.run(down)).rejects.toThrow('down');
  expect(picky.state).toBe('closed');
});

test('after the pause a few probes go through, and their success closes the circuit', async () => {
  await fail(3);
  clock.advance(500);
  await expect(Promise.all([breaker.run(up), breaker.run(up)])).resolves.toEqual(['up', 'up']);
  expect(breaker.state).toBe('closed');
});

test('half open, no more than the given probes run at once', async () => {
  await fail(3);
  clock.advance(500);
  const pending = [breaker.run(up), breaker.run(up)];
  await expect(breaker.run(up)).rejects.toBeInstanceOf(CircuitOpenError);
  await Promise.all(pending);
});

test('a failed probe opens the circuit again', async () => {
  await fail(3);
  clock.advance(500);
  await fail(1);
  expect(breaker.state).toBe('open');
  await expect(breaker.run(up)).rejects.toBeInstanceOf(CircuitOpenError);
});

test('a probe whose fault does not count gives its place back', async () => {
  const aborted = new Error('aborted');
  const picky = new CircuitBreaker('database', {
    failureThreshold: 1,
    openMs: 500,
    probes: 1,
    clock,
    isFailure: (error) => error !== aborted,
  });
  await expect(picky.run(down)).rejects.toThrow('down');
  clock.advance(500);
  await expect(picky.run(() => Promise.reject(aborted))).rejects.toBe(aborted);
  await expect(picky.run(up)).resolves.toBe('up');
  expect(picky.state).toBe('closed');
});

test('a first pause that is shorter grows while probes fail, to the longest, and is short again after a success', async () => {
  breaker = new CircuitBreaker('database', { failureThreshold: 1, firstOpenMs: 100, openMs: 350, probes: 1, clock });
  await fail(1);
  for (const pauseMs of [100, 200, 350, 350]) {
    clock.advance(pauseMs - 1);
    await expect(breaker.run(up)).rejects.toBeInstanceOf(CircuitOpenError);
    clock.advance(1);
    await fail(1);
  }
  clock.advance(350);
  await breaker.run(up);
  expect(breaker.state).toBe('closed');
  await fail(1);
  clock.advance(100);
  await expect(breaker.run(up)).resolves.toBe('up');
});
