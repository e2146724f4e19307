/** The part of an OpenTelemetry span that is used here. */
export interface Span {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

interface SpanOptions {
  kind?: number;
  attributes?: Record<string, string | number>;
}

/** The part of an OpenTelemetry tracer that is used here: `trace.getTracer('my-app')` of `@opentelemetry/api` is one. */
export interface Tracer {
  startSpan(name: string, options?: SpanOptions): Span;
  /** Spans that are started while `fn` runs are children of the one it is given. */
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>;
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`. */
const CLIENT = 2;
const ERROR = 2;

/**
 * Where every copy of `@opentelemetry/api` 1.x keeps what an SDK has registered, so that copies work together: what is
 * there is found without the package, and nothing is loaded where nobody traces.
 */
const REGISTRY = Symbol.for('opentelemetry.js.api.1');

interface Registry {
  trace?: { getTracer(name: string): Tracer };
}

/** The tracer of the option, else of the SDK that is registered by now. */
export function findTracer(given: Tracer | false | undefined): Tracer | undefined {
  if (given !== undefined) return given || undefined;
  return (globalThis as { [REGISTRY]?: Registry })[REGISTRY]?.trace?.getTracer('app-kernel');
}

/** Spans of one database: for each statement, never with its values, and for each transaction around its statements. */
export class DatabaseTracer {
  readonly #tracer: Tracer;
  readonly #system: string;

  /** @param system the engine, as the conventions of OpenTelemetry call it. */
  constructor(tracer: Tracer, system: string) {
    this.#tracer = tracer;
    this.#system = system;
  }

  startStatement(sql: string): Span {
    const operation = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? 'STATEMENT';
    return this.#tracer.startSpan(operation, {
      kind: CLIENT,
      attributes: { 'db.system': this.#system, 'db.operation': operation, 'db.statement': sql },
    });
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    const attributes = { 'db.system': this.#system };
    return this.#tracer.startActiveSpan('transaction', { kind: CLIENT, attributes }, async (span) => {
      try {
        const result = await work();
        endSpan(span, undefined);
        return result;
      } catch (error) {
        endSpan(span, error);
        throw error;
      }
    });
  }
}

/** The error's code alone: its message is for the log, which has keepers. */
export function endSpan(span: Span, error: unknown): void {
  if (error !== undefined) {
    const name = error instanceof Error ? error.name : 'Error';
    span.setAttribute('error.type', name);
    span.setStatus({ code: ERROR, message: name });
  }
  span.end();
}
