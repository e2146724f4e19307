import { KernelError } from '../../base/errors.js';
import { HttpError } from '../../http/index.js';
import { followStream, type OuterTask, type StreamOutcome } from './follow-stream.js';

export interface TestApiClientOptions {
  outerTask?: OuterTask;
  /** Longest request, its body included, s. Default 600; its first byte has to come within 300. */
  timeoutSeconds?: number;
}

export interface TestRequestOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Added to the query of the path; null and undefined are left out. */
  query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  headers?: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_SECONDS = 600;

/** Calls the service under test as the admin who asked for the test. Extend it by what your API is called. */
export class TestApiClient {
  readonly baseUrl: string;
  readonly #authToken: string;
  readonly #outerTask: OuterTask | undefined;
  readonly #timeoutMs: number;

  constructor(baseUrl: string, authToken: string, options: TestApiClientOptions = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.#authToken = authToken;
    this.#outerTask = options.outerTask;
    this.#timeoutMs = (options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1_000;
  }

  /** The JSON of the answer, `undefined` for none. @throws HttpError for a status above 399; TaskCancelled */
  get<T = Record<string, unknown>>(path: string, options?: TestRequestOptions): Promise<T> {
    return this.#call('GET', path, options);
  }

  post<T = Record<string, unknown>>(path: string, options?: TestRequestOptions): Promise<T> {
    return this.#call('POST', path, options);
  }

  put<T = Record<string, unknown>>(path: string, options?: TestRequestOptions): Promise<T> {
    return this.#call('PUT', path, options);
  }

  patch<T = Record<string, unknown>>(path: string, options?: TestRequestOptions): Promise<T> {
    return this.#call('PATCH', path, options);
  }

  delete<T = Record<string, unknown>>(path: string, options?: TestRequestOptions): Promise<T> {
    return this.#call('DELETE', path, options);
  }

  /** Follows the events of the answer to their end. A status above 399 is an outcome as well. */
  streamGet(path: string, options?: TestRequestOptions): Promise<StreamOutcome> {
    return this.#stream('GET', path, options);
  }

  streamPost(path: string, options?: TestRequestOptions): Promise<StreamOutcome> {
    return this.#stream('POST', path, options);
  }

  streamDelete(path: string, options?: TestRequestOptions): Promise<StreamOutcome> {
    return this.#stream('DELETE', path, options);
  }

  /** As `streamPost`, with a form that holds files. */
  streamUpload(path: string, form: FormData, options?: Omit<TestRequestOptions, 'json'>): Promise<StreamOutcome> {
    return this.#stream('POST', path, options, form);
  }

  async #call<T>(method: string, path: string, options?: TestRequestOptions): Promise<T> {
    const signals = [AbortSignal.timeout(this.#timeoutMs), ...(this.#outerTask ? [this.#outerTask.signal] : [])];
    const response = await this.#send(method, path, AbortSignal.any(signals), options);
    const text = await response.text();
    if (!response.ok) throw new HttpError(response.status, this.baseUrl + path, response.headers, text);
    return (text === '' ? undefined : jsonOf(text, `${method} ${path}`)) as T;
  }

  async #stream(
    method: string,
    path: string,
    options: TestRequestOptions | undefined,
    form?: FormData,
  ): Promise<StreamOutcome> {
    const end = new AbortController();
    const signal = AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), end.signal]);
    const response = await this.#send(method, path, signal, options, form);
    if (!response.ok) return { success: false, error: `HTTP ${response.status}: ${await response.text()}`, _logs: [] };
    const cancelTask = (taskId: string): Promise<unknown> =>
      this.#send('POST', `/tasks/${encodeURIComponent(taskId)}/cancel`, signal, {
        headers: this.#outerTask?.cancelTokens ?? {},
      });
    return followStream(response, { outerTask: this.#outerTask, cancelTask, end: () => end.abort() });
  }

  async #send(
    method: string,
    path: string,
    signal: AbortSignal,
    { json, query = {}, headers = {} }: TestRequestOptions = {},
    form?: FormData,
  ): Promise<Response> {
    if (!path.startsWith('/'))
      throw new KernelError('E_HTTP_REQUEST', `"${path}" is no path below ${this.baseUrl}: begin it with a slash`);
    const url = new URL(this.baseUrl + path);
    for (const [name, value] of Object.entries(query))
      if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
    return fetch(url, {
      method,
      signal,
      redirect: 'manual', // the token goes to this service alone
      headers: {
        authorization: `Bearer ${this.#authToken}`,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(form && { body: form }),
    });
  }
}

/** @throws KernelError `E_HTTP_BODY` that names the request: the text of a page says nothing */
function jsonOf(text: string, request: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KernelError(
      'E_HTTP_BODY',
      `${request} answered no JSON, but ${text.length} characters of something else`,
      {
        cause,
      },
    );
  }
}
