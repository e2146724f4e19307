import { KernelError } from '../base/errors.js';

/** A life in seconds, bare or named. */
export type Ttl = number | { ttlSeconds?: number };

/** @throws KernelError E_TTL for anything but a number above 0. */
export function ttlSecondsOf(ttl: Ttl | undefined): number | undefined {
  const seconds = typeof ttl === 'object' ? ttl.ttlSeconds : ttl;
  assertTtl(seconds);
  return seconds;
}

export function assertTtl(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isFinite(seconds) && seconds > 0)) return;
  throw new KernelError('E_TTL', `A life of ${seconds} s makes no sense; give seconds above 0, or leave it out`);
}
