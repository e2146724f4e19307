import { KernelError } from '../../base/errors.js';

/** A whole answer: its body has been read. */
export class HttpResponse {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    /** Where it came from, after redirects. */
    readonly url: string,
    readonly bytes: Buffer,
  ) {}

  /** True for 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  text(): string {
    return this.bytes.toString('utf8');
  }

  /** @throws KernelError `E_HTTP_BODY` where the body is no JSON. */
  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (error) {
      throw new KernelError('E_HTTP_BODY', `${this.url} answered something that is no JSON`, { cause: error });
    }
  }
}
