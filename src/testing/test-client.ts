import type { Service } from '../service/service.js';

export interface TestReply<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON of the answer; text where it is none, `undefined` where it is empty. */
  readonly body: Body;
}

export interface TestCallOptions {
  headers?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, string | number | boolean>>;
}

// biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape, and may name one
type AnyBody = any;

/** Sends requests below the API's prefix, in process: `client.post('/notes', { body: 'Hello' })`. */
export class TestClient {
  readonly #service: Service;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(service: Service, headers: Readonly<Record<string, string>> = {}) {
    this.#service = service;
    this.#headers = headers;
  }

  get<Body = AnyBody>(path: string, options?: TestCallOptions): Promise<TestReply<Body>> {
    return this.#call('GET', path, undefined, options);
  }

  post<Body = AnyBody>(path: string, body?: unknown, options?: TestCallOptions): Promise<TestReply<Body>> {
    return this.#call('POST', path, body, options);
  }

  put<Body = AnyBody>(path: string, body?: unknown, options?: TestCallOptions): Promise<TestReply<Body>> {
    return this.#call('PUT', path, body, options);
  }

  patch<Body = AnyBody>(path: string, body?: unknown, options?: TestCallOptions): Promise<TestReply<Body>> {
    return this.#call('PATCH', path, body, options);
  }

  delete<Body = AnyBody>(path: string, options?: TestCallOptions): Promise<TestReply<Body>> {
    return this.#call('DELETE', path, undefined, options);
  }

  /** As `service.inject`, whose paths are whole: for streams, probes, and bodies that are no JSON. */
  inject(input: Request | URL | string, init: Parameters<Service['inject']>[1] = {}): Promise<Response> {
    const own = new Headers(this.#headers);
    new Headers(init.headers ?? (input instanceof Request ? input.headers : {})).forEach((value, name) => {
      own.set(name, value);
    });
    return this.#service.inject(input, { ...init, headers: own });
  }

  async #call<Body>(
    method: string,
    path: string,
    body: unknown,
    { headers, query = {} }: TestCallOptions = {},
  ): Promise<TestReply<Body>> {
    const { kernelPrefix } = this.#service.kernel.settings.features;
    const url = new URL(`http://localhost${kernelPrefix}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const response = await this.inject(url, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) as Body };
  }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
