import { runWithContext, type TraceContext } from '../../base/context.js';
import { uuidv7 } from '../../base/ids.js';
import type { ActiveSpan, SpanAttributes, SpanRecorder, SpanStart } from '../../base/spans.js';
import { printableText } from '../printable.js';
import { type ExportedSpan, exportRoot } from './open-telemetry.js';
import { newSpanId } from './trace-context.js';

/** A span that has ended, as it is published. */
export interface SpanEvent {
  id: string;
  traceId: string;
  spanId: string;
  parentId: string | null;
  name: string;
  kind: number;
  service: string;
  durationMs: number;
  /** ms since 1970. */
  startedAt: number;
  status: 'ok' | 'error';
  error: string | null;
  errorType: string | null;
  metadata: SpanAttributes;
}

/** Spans of one trace in one unit of work; what comes beyond is counted. */
const MOST_SPANS = 200;
const MAX_TEXT = 2_000;

/** The spans of one unit of work: of a request, or of a run of a job. */
export class TraceRecording implements SpanRecorder {
  readonly root: RecordedSpan;
  readonly #service: string;
  readonly #ended: SpanEvent[] = [];
  readonly #exported = new Map<string, ExportedSpan>();
  #started = 0;
  #isClosed = false;

  /** @param remote where the trace comes from. @param context of the root, where nobody else gives it ids */
  constructor(
    service: string,
    name: string,
    { remote, context, ...start }: SpanStart & { remote: TraceContext | undefined; context: TraceContext },
  ) {
    this.#service = service;
    const exported = context.sampled ? exportRoot(name, start, remote) : undefined; // what is exported is not taken back
    const parentId = remote?.spanId ?? null;
    this.root = this.#open(name, { ...context, ...exported?.ids }, parentId, start, exported);
  }

  startSpan(name: string, parent: TraceContext, start: SpanStart): RecordedSpan {
    const exported = this.#exported.get(parent.spanId)?.child(name, start);
    const context = { traceId: parent.traceId, spanId: newSpanId(), sampled: parent.sampled, ...exported?.ids };
    return this.#open(name, context, parent.spanId, start, exported);
  }

  /** Runs the unit of work. */
  run<T>(fn: () => T): T {
    const { context } = this.root;
    const inside = (): T => runWithContext({ trace: context, spans: this }, fn);
    const exported = this.#exported.get(context.spanId);
    return exported ? exported.run(inside) : inside();
  }

  /** Ends the root. @returns the spans that have ended, the root first; what ends later is not kept */
  close(): SpanEvent[] {
    const dropped = this.#started - MOST_SPANS;
    if (dropped > 0) this.root.setAttribute('spans_dropped', dropped);
    this.root.end();
    this.#isClosed = true;
    const root = this.#ended.pop();
    return root ? [root, ...this.#ended] : [];
  }

  #open(
    name: string,
    context: TraceContext,
    parentId: string | null,
    { kind = 0, attributes }: SpanStart,
    exported: ExportedSpan | undefined,
  ): RecordedSpan {
    this.#started += 1;
    if (exported) this.#exported.set(context.spanId, exported);
    const isKept = this.#started <= MOST_SPANS;
    return new RecordedSpan(
      context,
      { name, kind, parentId, attributes: { ...attributes }, service: this.#service },
      (event) => {
        exported?.end(event.name, event.metadata, event.errorType ?? undefined);
        this.#exported.delete(context.spanId);
        if (isKept && !this.#isClosed) this.#ended.push(event);
      },
    );
  }
}

interface SpanHead {
  name: string;
  kind: number;
  parentId: string | null;
  attributes: SpanAttributes;
  service: string;
}

/** Serves the ORM's tracer as well, whose spans are told of faults by `setStatus`. */
export class RecordedSpan implements ActiveSpan {
  readonly context: TraceContext;
  readonly #id = uuidv7();
  readonly #head: SpanHead;
  readonly #start = performance.now();
  readonly #onEnd: (event: SpanEvent) => void;
  #failure: { type: string; message: string | null } | undefined;
  #isOver = false;

  constructor(context: TraceContext, head: SpanHead, onEnd: (event: SpanEvent) => void) {
    this.context = context;
    this.#head = head;
    this.#onEnd = onEnd;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  set name(name: string) {
    this.#head.name = name;
  }

  setAttribute(name: string, value: string | number | boolean): void {
    this.#head.attributes[name] = value;
  }

  setStatus({ message = 'Error' }: { code: number; message?: string }): void {
    this.fail(message);
  }

  fail(type: string, message?: string): void {
    this.#failure = { type, message: message ?? null };
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { name, kind, parentId, attributes, service } = this.#head;
    const { traceId, spanId } = this.context;
    this.#onEnd({
      id: this.#id,
      traceId,
      spanId,
      parentId,
      name: printableText(name, true).slice(0, 200),
      kind,
      service,
      durationMs: Math.round(this.elapsedMs * 1_000) / 1_000,
      startedAt: Math.round(performance.timeOrigin + this.#start),
      status: this.#failure ? 'error' : 'ok',
      error: this.#failure?.message ? printableText(this.#failure.message, true).slice(0, 500) : null,
      errorType: this.#failure ? printableText(this.#failure.type, true).slice(0, 100) : null,
      metadata: bounded(attributes),
    });
  }
}

/** The recording's own object, which nobody changes any more. */
function bounded(attributes: SpanAttributes): SpanAttributes {
  for (const name in attributes) {
    const value = attributes[name];
    if (typeof value === 'string') attributes[name] = printableText(value.slice(0, MAX_TEXT), true);
  }
  return attributes;
}
