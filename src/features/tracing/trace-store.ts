import type { SessionHandle } from '../../orm/index.js';
import type { SpanEvent, TraceEvent } from '../../telemetry/index.js';
import { TraceSpan } from './entities.js';

/** The spans in `kernel_traces` of `db`, else of the ambient or the newest open database. */
export class TraceStore {
  readonly #on: { db?: SessionHandle };

  constructor({ db }: { db?: SessionHandle } = {}) {
    this.#on = db ? { db } : {};
  }

  /** Stores the spans of a batch; those that are stored already, also by a save that was cut off, are passed over. */
  async saveEvents(events: readonly TraceEvent[]): Promise<void> {
    const spans = events.flatMap((event) => event.spans);
    for (let at = 0; at < spans.length; at += SPANS_AT_ONCE) {
      await TraceSpan.saveMany(spans.slice(at, at + SPANS_AT_ONCE).map(rowOf), this.#on);
    }
  }

  /** The spans of a trace by their beginning: those of its request, its jobs, and other services that write here. */
  async getTrace(traceId: string): Promise<TraceSpan[]> {
    const orderBy = { startedAt: 'asc', id: 'asc' } as const; // ids of one process are in the order of their making
    return TraceSpan.find({ where: { traceId }, orderBy, limit: MOST_SPANS, ...this.#on });
  }
}

const MOST_SPANS = 5_000;
/** A batch has one span for each request or hundreds: SQLite blocks the process while it stores what is saved at once. */
const SPANS_AT_ONCE = 500;

/** Not spread: a copy of so many properties that is changed afterwards is an object of the slow kind. */
function rowOf(span: SpanEvent): Omit<SpanEvent, 'startedAt'> & { startedAt: Date; endedAt: Date } {
  const startedAt = new Date(span.startedAt);
  const endedAt = new Date(span.startedAt + span.durationMs);
  return Object.assign({ endedAt }, span, { startedAt });
}
