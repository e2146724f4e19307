import { BadRequestError } from '../../../http/errors.js';

/** Where people may be sent after signing in. Nothing that a request names is followed unless it is listed. */
export class Redirects {
  readonly #allowed: readonly URL[];
  readonly #publicUrl: string;

  /** `allowed`: pages; one that ends with `/` stands for everything below it. */
  constructor(publicUrl: string, allowed: readonly string[]) {
    this.#publicUrl = publicUrl;
    this.#allowed = allowed.map((page) => new URL(page));
  }

  /** @throws BadRequestError for a page that is not listed. */
  check(given: string | undefined): string {
    const [first] = this.#allowed;
    if (given === undefined || given === '') return first?.href ?? new URL('/', this.#publicUrl).href;
    const page = this.#resolve(given);
    if (page && this.#isAllowed(page)) return page.href;
    throw new BadRequestError('redirect_uri is not allowed');
  }

  /** A path of this service, or a whole URL. What browsers read as another host (`//evil`, `/\evil`) is neither. */
  #resolve(given: string): URL | null {
    if (/[\\\p{Cc}\s]/u.test(given) || given.startsWith('//')) return null;
    const isPath = given.startsWith('/');
    if (!isPath && !/^https?:\/\//i.test(given)) return null;
    if (!URL.canParse(given, this.#publicUrl)) return null;
    const page = new URL(given, this.#publicUrl);
    return page.username || page.password || page.hash ? null : page;
  }

  #isAllowed(page: URL): boolean {
    if (page.origin === new URL(this.#publicUrl).origin) return true;
    return this.#allowed.some(({ origin, pathname }) => {
      if (page.origin !== origin) return false;
      return pathname.endsWith('/') ? page.pathname.startsWith(pathname) : page.pathname === pathname;
    });
  }
}

/** `page` with one more parameter in its query. */
export function withParameter(page: string, name: string, value: string): string {
  const url = new URL(page);
  url.searchParams.set(name, value);
  return url.href;
}
