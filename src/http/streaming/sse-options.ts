import { KernelError } from '../../base/errors.js';

/** What a stream gives back when it has ended, whatever ended it. */
export interface Releasable {
  release(): Promise<void>;
}

export interface SseOptions {
  /** Released when the stream ends: `await streamLease(user.id)`. */
  lease?: Releasable;
  /**
   * Seconds of silence after which a comment is sent, so that proxies keep the connection. Default 15. A client that takes
   * nothing for eight times as long counts as gone.
   */
  heartbeatSeconds?: number;
  /**
   * Goes on to the end when the client has left, for work that must not stop halfway; what it says then goes nowhere,
   * but a `TaskStream` keeps its events for whoever comes back.
   */
  keepRunning?: boolean;
}

export const DEFAULT_HEARTBEAT_SECONDS = 15;
/** The longest that a timer of Node can wait, s. */
const LONGEST_SILENCE = 2_147_483;

/** What each option has to be, in words, and whether it is. */
const RULES: Readonly<Record<keyof SseOptions, readonly [wanted: string, holds: (value: unknown) => boolean]>> = {
  lease: ['what streamLease() answers, with release()', isReleasable],
  heartbeatSeconds: ['a number above 0, 15 for example', isSilence],
  keepRunning: ['true or false', (value) => typeof value === 'boolean'],
};

/** @throws KernelError `E_SSE` that names the option */
export function checkSseOptions(options: SseOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(RULES, name))
      throw new KernelError('E_SSE', `sse() has no option ${name}; it has ${Object.keys(RULES).join(', ')}`);
    const [wanted, holds] = RULES[name as keyof SseOptions];
    if (!holds(value)) throw new KernelError('E_SSE', `${name} of sse() cannot be ${String(value)}; give ${wanted}`);
  }
}

function isReleasable(value: unknown): boolean {
  return typeof (value as Partial<Releasable> | null)?.release === 'function';
}

function isSilence(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= LONGEST_SILENCE;
}
