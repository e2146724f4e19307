import type { MetricsSnapshot } from '../../telemetry/index.js';

/** What `app-kernel start` says to its workers. */
export type ToWorker =
  /** The service ends. */
  | { kernel: 'stop' }
  /** Another process has taken this one's place; the service goes on. */
  | { kernel: 'retire' }
  | { kernel: 'tell-metrics'; id: string; service: string }
  /** What all workers told. */
  | { kernel: 'metrics-of-all'; id: string; snapshots: MetricsSnapshot[] };

/** What workers say to `app-kernel start`. */
export type ToPrimary =
  | { kernel: 'ask-metrics'; id: string; service: string }
  | { kernel: 'metrics'; id: string; snapshot: MetricsSnapshot };

/** The message, if it is one of ours: the code of a service may send its own on the same channel. */
export function kernelMessage<Message extends ToWorker | ToPrimary>(message: unknown): Message | undefined {
  return typeof message === 'object' && message !== null && 'kernel' in message ? (message as Message) : undefined;
}
