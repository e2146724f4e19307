import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startSpan, withSpan } from '../../src/base/spans.js';
import { KernelTracer, type TraceEvent } from '../../src/telemetry/index.js';

/** What an SDK for Node brings along. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, fn, self, ...args) =>
    this.#storage.run(active, () => fn.apply(self as never, args));
  bind: ContextManager['bind'] = (_context, target) => target;
  enable = (): this => this;
  disable = (): this => this;
}

const exporter = new InMemorySpanExporter();
const events: TraceEvent[] = [];
let tracer: KernelTracer;

beforeEach(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  context.setGlobalContextManager(new AsyncContexts());
  tracer = new KernelTracer('shop', { sampleRate: 1, saveThresholdMs: 0, saveErrors: true });
  tracer.sink = { push: (event) => events.push(event) > 0 };
});
afterEach(() => {
  trace.disable();
  context.disable();
  exporter.reset();
  events.length = 0;
});

const remote = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true };

async function work(): Promise<void> {
  const unit = tracer.begin('GET /', { remote, kind: 1 });
  await tracer.run(unit, async () => {
    await withSpan('inner', { kind: 2, attributes: { part: 1 } }, async () => {
      trace.getTracer('theirs').startSpan('by hand').end();
      startSpan('innermost')?.end();
    });
    await withSpan('failing', {}, () => Promise.reject(new TypeError('x'))).catch(() => {});
  });
  tracer.end(unit);
}

it('gets every span, below the one it is below here, with the same ids', async () => {
  await work();
  const exported = new Map(exporter.getFinishedSpans().map((span) => [span.name, span]));
  expect([...exported.keys()].sort()).toEqual(['GET /', 'by hand', 'failing', 'inner', 'innermost']);
  const idOf = (name: string): string | undefined => exported.get(name)?.spanContext().spanId;
  const parentOf = (name: string): string | undefined => exported.get(name)?.parentSpanContext?.spanId;
  expect(exported.get('GET /')?.spanContext().traceId).toBe(remote.traceId);
  expect(parentOf('GET /')).toBe(remote.spanId);
  expect([parentOf('inner'), parentOf('failing'), parentOf('by hand')]).toEqual(Array(3).fill(idOf('GET /')));
  expect(parentOf('innermost')).toBe(idOf('inner'));
  expect(exported.get('inner')?.attributes).toEqual({ part: 1 });
  expect(exported.get('failing')?.status).toEqual({ code: 2, message: 'TypeError' });
  const kept = events.flatMap(({ spans }) => spans);
  for (const span of kept) expect(span.spanId).toBe(idOf(span.name));
  expect(kept.map(({ name }) => name)).toEqual(['GET /', 'innermost', 'inner', 'failing']);
});

it('is nothing to the traces that are kept: without it they are the same', async () => {
  trace.disable();
  await work();
  expect(exporter.getFinishedSpans()).toEqual([]);
  const [{ spans } = { spans: [] }] = events;
  expect(spans.map(({ name }) => name)).toEqual(['GET /', 'innermost', 'inner', 'failing']);
  expect(spans[0]).toMatchObject({ traceId: remote.traceId, parentId: remote.spanId });
});

it('of one unit of work, so many spans are kept and the others counted', async () => {
  const unit = tracer.begin('many', { kind: 0 });
  tracer.run(unit, () => {
    for (let n = 0; n < 500; n++) startSpan('one of many')?.end();
  });
  tracer.end(unit);
  const late = tracer.run(unit, () => startSpan('late'));
  late?.end();
  expect(events[0]?.spans).toHaveLength(200);
  expect(events[0]?.spans[0]).toMatchObject({ name: 'many', metadata: { spans_dropped: 301 } });
});
