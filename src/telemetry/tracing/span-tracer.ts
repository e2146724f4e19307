import { insideSpan, type SpanStart, startSpan } from '../../base/spans.js';
import type { RecordedSpan } from './trace-recording.js';

/** The part of a span that libraries with a tracer of their own use. */
type LibrarySpan = Pick<RecordedSpan, 'setAttribute' | 'setStatus' | 'end'>;

/** Where nothing is traced. */
const NO_SPAN: LibrarySpan = { setAttribute: () => {}, setStatus: () => {}, end: () => {} };

/** A tracer in the form of OpenTelemetry, as the ORM takes one: its spans become parts of the current trace. */
export const spanTracer = {
  startSpan(name: string, start: SpanStart = {}): LibrarySpan {
    return (startSpan(name, start) as RecordedSpan | undefined) ?? NO_SPAN;
  },
  startActiveSpan<F extends (span: LibrarySpan) => unknown>(name: string, start: SpanStart, fn: F): ReturnType<F> {
    const span = startSpan(name, start) as RecordedSpan | undefined;
    return insideSpan(span, () => fn(span ?? NO_SPAN)) as ReturnType<F>;
  },
};
