import { EVENT_RUNTIME } from './event-runtime.js';

/** Names that the module has beside its types. */
export const RUNTIME_NAMES = [
  'ApiClient',
  'ApiError',
  'ApiProblem',
  'CallOptions',
  'ClientOptions',
  'ServerEvent',
  'ApiCall',
  'Array',
  'Error',
  'Headers',
  'Map',
  'Promise',
  'Record',
  'Request',
  'RequestInit',
  'Response',
  'String',
];

/** What every client has, `methods` standing for those of the document. It holds no template literals. */
export const CLIENT_RUNTIME = String.raw`export interface ClientOptions {
  /** Where the service is: 'https://api.example.com'. */
  baseUrl: string;
  /** An access token or an API key; a function is asked before each request. */
  token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Default: the global one. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** A repeated call with the same key is not run again, but answered again. */
  idempotencyKey?: string | undefined;
}

/** What the service says of a fault (RFC 9457). */
export interface ApiProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id: string;
  /** What programs switch on: 'E_NOT_FOUND'. */
  code: string;
  /** The faults of the input, each with the path to its field. */
  errors?: Array<{ loc: Array<string | number>; msg: string; type: string }>;
}

/** An answer above 399. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: ApiProblem;
  readonly headers: Headers;

  constructor(problem: ApiProblem, headers: Headers) {
    super(problem.detail);
    this.name = 'ApiError';
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
    this.headers = headers;
  }

  /** Seconds after which the call is worth another try, where the service says so. */
  get retryAfterSeconds(): number | undefined {
    const seconds = this.headers.get('retry-after');
    return seconds === null ? undefined : Number(seconds);
  }
}

/** One event of a stream. */
export interface ServerEvent {
  event: string;
  /** What its JSON says; the text itself where it is none. */
  data: unknown;
  id: string;
}

/** What goes into a request. */
export interface ApiCall {
  /** What stands for {names} in the path. */
  path?: Readonly<Record<string, unknown>>;
  query?: object;
  json?: unknown;
  form?: object;
  raw?: RequestInit['body'];
  options?: CallOptions;
}

const MOST_RECONNECTS = 5;

/** Calls the service; throws ApiError for an answer above 399. */
export class ApiClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /* methods */

  /** Calls what has no method here. */
  async call<T>(method: string, path: string, call: ApiCall = {}): Promise<T> {
    const response = await this.#send(method, path, call);
    const text = await response.text();
    if (text === '') return undefined as T;
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return (isJson ? JSON.parse(text) : text) as T;
  }

  /** Events to the end of the stream. One that is only read goes on where it was cut off. */
  async *stream(method: string, path: string, call: ApiCall = {}): AsyncGenerator<ServerEvent, void, undefined> {
    const signal = call.options?.signal;
    let lastId = '';
    let failures = 0;
    for (;;) {
      let retryMs: number | undefined;
      try {
        const response = await this.#send(method, path, call, {
          accept: 'text/event-stream',
          ...(lastId === '' ? {} : { 'last-event-id': lastId }),
        });
        for await (const { retry, ...event } of readEvents(response)) {
          if (retry !== undefined) {
            retryMs = retry;
            continue;
          }
          failures = 0;
          lastId = event.id;
          yield event;
        }
        if (retryMs === undefined) return;
        if (method !== 'GET') throw new Error('The service stopped before the stream was at its end');
      } catch (error) {
        const isFinal = error instanceof ApiError && error.status < 500;
        failures += 1;
        if (isFinal || method !== 'GET' || signal?.aborted || failures > MOST_RECONNECTS) throw error;
      }
      await wait(retryMs ?? 500 * failures, signal);
    }
  }

  async #send(
    method: string,
    path: string,
    call: ApiCall,
    own: Record<string, string> = { accept: 'application/json' },
  ): Promise<Response> {
    const { token, baseUrl, headers: always, fetch: given } = this.#options;
    const { signal, headers, idempotencyKey } = call.options ?? {};
    const bearer = typeof token === 'function' ? await token() : token;
    const init: RequestInit = {
      method,
      headers: {
        ...own,
        ...(bearer === undefined ? {} : { authorization: 'Bearer ' + bearer }),
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...always,
        ...headers,
      },
    };
    if (signal) init.signal = signal;
    if (call.json !== undefined) init.body = JSON.stringify(call.json);
    else if (call.form !== undefined) init.body = parameters(call.form);
    else if (call.raw != null) init.body = call.raw;
    const query = parameters(call.query ?? {}).toString();
    const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => segment(call.path?.[name]));
    const url = baseUrl.replace(/\/+$/, '') + filled + (query === '' ? '' : '?' + query);
    const response = await (given ?? fetch)(url, init);
    if (response.ok) return response;
    throw new ApiError(await problemOf(response), response.headers);
  }
}

/** A value as one segment of a path; what would climb out of it is refused. */
function segment(value: unknown): string {
  const text = String(value);
  if (value === undefined || text === '' || text === '.' || text === '..') throw new TypeError('"' + text + '" cannot be part of a path');
  return encodeURIComponent(text);
}

function parameters(fields: object): URLSearchParams {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries(fields) as Array<[string, unknown]>)
    for (const single of Array.isArray(value) ? value : [value])
      if (single !== undefined && single !== null) result.append(name, String(single));
  return result;
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const { status, statusText: title, headers } = response;
  const text = await response.text();
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'code' in problem) return problem as ApiProblem;
  } catch {
    // a proxy answered, and in its own words
  }
  const request_id = headers.get('x-request-id') ?? '';
  return { type: 'about:blank', title, status, detail: text.slice(0, 500) || title, request_id, code: 'E_HTTP' };
}

${EVENT_RUNTIME}`;
