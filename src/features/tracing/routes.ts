import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, type TypedRouter } from '../../http/index.js';
import type { TraceSpan } from './entities.js';
import type { TraceStore } from './trace-store.js';

const Moment = z.string().meta({ format: 'date-time' });
const Span = z.object({
  span_id: z.string(),
  parent_id: z.string().nullable(),
  name: z.string(),
  kind: z.number().describe('0 internal, 1 server, 2 client, 3 producer, 4 consumer.'),
  service: z.string(),
  duration_ms: z.number(),
  started_at: Moment,
  ended_at: Moment,
  status: z.string(),
  error: z.string().nullable(),
  error_type: z.string().nullable(),
  metadata: z.record(z.string(), z.json()),
});
const Trace = z.object({
  trace_id: z.string(),
  started_at: Moment,
  duration_ms: z.number().describe('From the first beginning to the last end.'),
  spans: z.array(Span),
});

/** What happened in a trace, for admins. */
export function createTracingRouter({
  store,
  prefix = '/admin/traces',
}: {
  store: TraceStore;
  prefix?: string;
}): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['tracing'] });
  router.get(
    '/:trace_id',
    {
      auth: 'admin',
      params: z.object({ trace_id: z.string().max(64) }),
      response: Trace,
      summary: 'The spans of a trace, by their beginning',
    },
    async ({ params: { trace_id: traceId } }) => {
      const spans = await store.getTrace(traceId.toLowerCase());
      const [first] = spans;
      if (!first) throw new NotFoundError('Trace not found');
      const end = Math.max(...spans.map(({ endedAt }) => endedAt.getTime()));
      return {
        trace_id: first.traceId,
        started_at: first.startedAt.toISOString(),
        duration_ms: end - first.startedAt.getTime(),
        spans: spans.map(onWire),
      };
    },
  );
  return router;
}

function onWire(span: TraceSpan): z.input<typeof Span> {
  return {
    span_id: span.spanId,
    parent_id: span.parentId ?? null,
    name: span.name,
    kind: span.kind,
    service: span.service,
    duration_ms: span.durationMs,
    started_at: span.startedAt.toISOString(),
    ended_at: span.endedAt.toISOString(),
    status: span.status,
    error: span.error ?? null,
    error_type: span.errorType ?? null,
    metadata: span.metadata as z.input<typeof Span>['metadata'],
  };
}
