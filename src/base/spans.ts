import { currentContext, runWithContext, type TraceContext } from './context.js';

export type SpanAttributes = Record<string, string | number | boolean>;

/** Who is at the other end, as OpenTelemetry numbers it. */
export const SPAN_KIND = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;

export interface SpanStart {
  kind?: number;
  attributes?: SpanAttributes;
}

/** One piece of work of a trace, while it goes on. */
export interface ActiveSpan {
  readonly context: TraceContext;
  setAttribute(name: string, value: string | number | boolean): unknown;
  /** @param type the name of the error's class. @param message only what may be shown */
  fail(type: string, message?: string): void;
  end(): void;
}

/** Notes the spans of a unit of work that is traced. */
export interface SpanRecorder {
  startSpan(name: string, parent: TraceContext, start: SpanStart): ActiveSpan;
}

/** A span below the current one; undefined where this unit of work is not traced. */
export function startSpan(name: string, start: SpanStart = {}): ActiveSpan | undefined {
  const { spans, trace } = currentContext();
  return spans && trace && spans.startSpan(name, trace, start);
}

/** Does `work` as a span below the current one; `undefined` where this unit of work is not traced. */
export async function withSpan<T>(
  name: string,
  start: SpanStart,
  work: (span: ActiveSpan | undefined) => Promise<T>,
): Promise<T> {
  const span = startSpan(name, start);
  try {
    return await insideSpan(span, () => work(span));
  } catch (error) {
    span?.fail(error instanceof Error ? error.name : 'Error');
    throw error;
  } finally {
    span?.end();
  }
}

/** Runs `fn`; what it starts is below `span`. */
export function insideSpan<T>(span: ActiveSpan | undefined, fn: () => T): T {
  return span ? runWithContext({ trace: span.context }, fn) : fn();
}

/** The header that carries a trace on to another service (W3C Trace Context). */
export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
