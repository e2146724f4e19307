import { silentLogger, silentMetrics } from '../../../src/base/ports.js';
import type { RedisClient } from '../../../src/redis/index.js';
import { EventHub, type EventHubOptions } from '../../../src/telemetry/events/index.js';

export interface Note {
  id: string;
  text: string;
}

/** A store of events in memory, as a table with a unique id would be; `spoilt` texts cannot be stored. */
export class Ledger {
  readonly key = 'notes';
  batchSize = 100;
  readonly stored = new Map<string, Note>();
  readonly spoilt = new Set<string>();
  readonly batches: number[] = [];
  /** Thrown by the next saves. */
  faults: Error[] = [];
  save = async (notes: readonly Note[]): Promise<void> => {
    this.batches.push(notes.length);
    const fault = this.faults.shift();
    if (fault) throw fault;
    const bad = notes.find(({ text }) => this.spoilt.has(text));
    if (bad) throw new Error(`cannot store ${bad.text}`);
    for (const note of notes) if (!this.stored.has(note.id)) this.stored.set(note.id, note);
  };
}

export const note = (text: string): Note => ({ id: `id of ${text}`, text });

export const notes = (count: number, name = 'note'): Note[] =>
  Array.from({ length: count }, (_, index) => note(`${name} ${index}`));

export function hubOf(redis: RedisClient, prefix: string, options: Partial<EventHubOptions> = {}): EventHub {
  return new EventHub({ redis, prefix, logger: silentLogger, metrics: silentMetrics, retryMs: 1, ...options });
}
