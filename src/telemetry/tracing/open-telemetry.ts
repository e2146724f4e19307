import { createRequire } from 'node:module';
import type * as Api from '@opentelemetry/api';
import type { TraceContext } from '../../base/context.js';
import type { SpanStart } from '../../base/spans.js';

/** Where every copy of `@opentelemetry/api` 1.x keeps what an SDK has registered. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');
const ERROR = 2;

/** A span of the kernel as OpenTelemetry sees it. */
export class ExportedSpan {
  readonly #api: typeof Api;
  readonly #span: Api.Span;

  constructor(api: typeof Api, span: Api.Span) {
    this.#api = api;
    this.#span = span;
  }

  /** The ids it was given there; the kernel takes them for its own. */
  get ids(): Pick<TraceContext, 'traceId' | 'spanId'> | undefined {
    const context = this.#span.spanContext();
    return this.#api.isSpanContextValid(context) ? context : undefined;
  }

  child(name: string, start: SpanStart): ExportedSpan {
    const parent = this.#api.trace.setSpan(this.#api.ROOT_CONTEXT, this.#span);
    return startExported(this.#api, name, start, parent);
  }

  /** Spans that others start inside `fn` are below this one. */
  run<T>(fn: () => T): T {
    return this.#api.context.with(this.#api.trace.setSpan(this.#api.context.active(), this.#span), fn);
  }

  end(name: string, attributes: Api.Attributes, failure: string | undefined): void {
    this.#span.updateName(name);
    this.#span.setAttributes(attributes);
    if (failure !== undefined) this.#span.setStatus({ code: ERROR, message: failure });
    this.#span.end();
  }
}

/**
 * The first span of a unit of work, where an SDK of OpenTelemetry is registered by now: below the one that is active there,
 * else below `remote`. Nothing is loaded where nobody exports.
 */
export function exportRoot(name: string, start: SpanStart, remote: TraceContext | undefined): ExportedSpan | undefined {
  const registered = (globalThis as { [REGISTRY]?: { trace?: unknown } })[REGISTRY]?.trace;
  const api = registered === undefined ? undefined : loadApi();
  if (!api) return undefined;
  const active = api.context.active();
  const far = remote && {
    traceId: remote.traceId,
    spanId: remote.spanId,
    traceFlags: remote.sampled ? 1 : 0,
    isRemote: true,
  };
  const outside = far ? api.trace.setSpanContext(api.ROOT_CONTEXT, far) : api.ROOT_CONTEXT;
  return startExported(api, name, start, api.trace.getSpan(active) ? active : outside);
}

function startExported(
  api: typeof Api,
  name: string,
  { kind, attributes }: SpanStart,
  parent: Api.Context,
): ExportedSpan {
  const tracer = api.trace.getTracer('app-kernel');
  return new ExportedSpan(api, tracer.startSpan(name, { kind, attributes }, parent));
}

let loaded: typeof Api | null | undefined;

/** The application's own copy may lie where this package cannot reach it; then nothing is exported. */
function loadApi(): typeof Api | undefined {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('@opentelemetry/api') as typeof Api;
    } catch {
      loaded = null;
    }
  }
  return loaded ?? undefined;
}
