import { currentContext, runWithContext, type TraceContext } from '../../base/context.js';
import { uuidv7 } from '../../base/ids.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import { SPAN_KIND, type SpanAttributes } from '../../base/spans.js';
import { isKept, newSpanId, newTraceId } from './trace-context.js';
import { type SpanEvent, TraceRecording } from './trace-recording.js';

/** The spans of one unit of work, published together. */
export interface TraceEvent {
  id: string;
  spans: SpanEvent[];
}

export interface TraceSink {
  push(event: TraceEvent): boolean;
}

/** `TracingSettings`. */
export interface TracerSettings {
  /** Share of traces that is kept, 0 to 1. */
  sampleRate: number;
  /** Faster units of work are not kept, ms; 0 keeps all. */
  saveThresholdMs: number;
  /** Units of work that fail are kept, however fast, and of traces beyond the share as well. */
  saveErrors: boolean;
}

export interface UnitOfWork {
  /** Where the trace comes from. */
  remote?: TraceContext | undefined;
  kind: number;
  attributes?: SpanAttributes;
}

/** A unit of work that is traced, or only knows its trace where nothing of it can be kept. */
export interface TracedUnit {
  readonly context: TraceContext;
  readonly recording: TraceRecording | undefined;
}

/** What is told of a run of a job. */
export interface TracedJob {
  jobId: string;
  taskName: string;
  attempt: number;
}

export const tracerService: ServiceKey<KernelTracer> = serviceKey('tracer');

/** The traces of one kernel: begun for each request and job, and published where they are worth it. */
export class KernelTracer {
  readonly serviceName: string;
  readonly #settings: TracerSettings;
  #sink: TraceSink | undefined;

  constructor(serviceName: string, settings: TracerSettings) {
    this.serviceName = serviceName;
    this.#settings = settings;
  }

  /** Where traces are published from now on. */
  set sink(sink: TraceSink) {
    this.#sink = sink;
  }

  begin(name: string, { remote, kind, attributes }: UnitOfWork): TracedUnit {
    const traceId = remote?.traceId ?? newTraceId();
    const { sampleRate, saveErrors } = this.#settings;
    const sampled = isKept(traceId, sampleRate);
    const context = { traceId, spanId: newSpanId(), sampled };
    if (!sampled && !saveErrors) return { context, recording: undefined };
    const recording = new TraceRecording(this.serviceName, name, {
      remote,
      context,
      kind,
      ...(attributes && { attributes }),
    });
    return { context: recording.root.context, recording };
  }

  run<T>({ context, recording }: TracedUnit, fn: () => T): T {
    return recording ? recording.run(fn) : runWithContext({ trace: context }, fn);
  }

  end({ recording }: TracedUnit): void {
    if (!recording) return;
    const { root } = recording;
    const { saveThresholdMs, saveErrors } = this.#settings;
    const isSlow = root.context.sampled && root.elapsedMs >= saveThresholdMs;
    const isWorthIt = isSlow || (saveErrors && root.hasFailed);
    const spans = recording.close();
    if (isWorthIt) this.#sink?.push({ id: uuidv7(), spans });
  }

  /** Runs a job as a part of the trace that it was enqueued in. */
  async runJob<T>({ jobId, taskName, attempt }: TracedJob, work: () => Promise<T>): Promise<T> {
    const { trace: remote, requestId } = currentContext();
    const attributes = {
      job_id: jobId,
      task: taskName,
      attempt,
      ...(requestId !== undefined && { request_id: requestId }),
    };
    const unit = this.begin(`job ${taskName}`, { remote, kind: SPAN_KIND.consumer, attributes });
    try {
      return await this.run(unit, work);
    } catch (error) {
      unit.recording?.root.fail(
        error instanceof Error ? error.name : 'Error',
        error instanceof Error ? error.message : String(error),
      );
      throw error;
    } finally {
      this.end(unit);
    }
  }
}

/** The name of the service in the spans of the running kernel; `app` before any has started. */
export function getTracedServiceName(): string {
  return ambientService(tracerService)?.serviceName ?? 'app';
}
