import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { startSpan, traceparentOf } from '../../src/base/spans.js';
import { KernelTracer, type TraceEvent } from '../../src/telemetry/index.js';
import type { TracerSettings } from '../../src/telemetry/tracing/kernel-tracer.js';

afterEach(() => trace.disable());

const ALL: TracerSettings = { sampleRate: 1, saveThresholdMs: 0, saveErrors: true };

/** Runs one piece of work that succeeds and one that fails, each with a span. @returns the names of what was kept */
function keptBy(settings: Partial<TracerSettings>): { kept: string[][]; headers: string[] } {
  const events: TraceEvent[] = [];
  const headers: string[] = [];
  const tracer = new KernelTracer('shop', { ...ALL, ...settings });
  tracer.sink = { push: (event) => events.push(event) > 0 };
  for (const name of ['good', 'bad']) {
    const unit = tracer.begin(name, { kind: 1 });
    tracer.run(unit, () => {
      const span = startSpan(`inside ${name}`);
      if (span) headers.push(traceparentOf(span.context));
      span?.end();
    });
    if (name === 'bad') unit.recording?.root.fail('TypeError');
    tracer.end(unit);
  }
  return { kept: events.map(({ spans }) => spans.map(({ name }) => name)), headers };
}

const GOOD = ['good', 'inside good'];
const BAD = ['bad', 'inside bad'];

it.each([
  [{}, [GOOD, BAD]],
  [{ saveErrors: false }, [GOOD, BAD]],
  [{ saveThresholdMs: 60_000 }, [BAD]],
  [{ saveThresholdMs: 60_000, saveErrors: false }, []],
  [{ sampleRate: 0 }, [BAD]],
  [{ sampleRate: 0, saveErrors: false }, []],
  [{ sampleRate: 0, saveThresholdMs: 60_000 }, [BAD]],
])('keeps with %j what it says, whole', (settings, expected) => {
  expect(keptBy(settings).kept).toEqual(expected);
});

it('tells others beyond the share that the trace is not among those that are kept', () => {
  const flags = (settings: Partial<TracerSettings>): string[] =>
    keptBy(settings).headers.map((header) => header.slice(-2));
  expect(flags({ sampleRate: 0 })).toEqual(['00', '00']);
  expect(flags({})).toEqual(['01', '01']);
});

it('exports nothing beyond the share', () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  keptBy({ sampleRate: 0 });
  expect(exporter.getFinishedSpans()).toEqual([]);
  keptBy({});
  expect(exporter.getFinishedSpans()).toHaveLength(4);
});

it('keeps jobs that threw, and those alone, beyond the share', async () => {
  const events: TraceEvent[] = [];
  const tracer = new KernelTracer('shop', { ...ALL, sampleRate: 0 });
  tracer.sink = { push: (event) => events.push(event) > 0 };
  const job = { jobId: 'j', taskName: 'pack', attempt: 1 };
  await tracer.runJob(job, async () => {});
  await expect(tracer.runJob(job, () => Promise.reject(new RangeError('too big')))).rejects.toThrow('too big');
  expect(events).toMatchObject([{ spans: [{ name: 'job pack', status: 'error', errorType: 'RangeError' }] }]);
});
