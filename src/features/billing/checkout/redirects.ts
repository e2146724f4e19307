import { ValidationError } from '../../../base/errors.js';

/** Stripe writes the session’s id in its place. */
const PLACEHOLDER = /%7BCHECKOUT_SESSION_ID%7D/gi;

/** Pages that Stripe may send buyers back to. A page that a request names is used only where it is listed. */
export class Redirects {
  readonly #allowed: readonly URL[];

  /** `allowed`: pages; one that ends with `/` stands for everything below it. */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed.map((page) => new URL(page));
  }

  /** @param given default the first page of the list. @throws ValidationError naming `field` */
  check(field: string, given?: string): string {
    const page = given === undefined ? this.#allowed[0] : parsed(given);
    if (page && this.#isAllowed(page)) return page.href.replace(PLACEHOLDER, '{CHECKOUT_SESSION_ID}');
    const msg = 'This page is not allowed: list it in billing.redirectUrls';
    throw new ValidationError([{ loc: ['body', field], msg, type: 'redirect' }]);
  }

  #isAllowed(page: URL): boolean {
    return this.#allowed.some(({ origin, pathname }) => {
      if (page.origin !== origin) return false;
      return pathname.endsWith('/') ? page.pathname.startsWith(pathname) : page.pathname === pathname;
    });
  }
}

function parsed(given: string): URL | null {
  if (!/^https?:\/\//i.test(given) || /[\\\p{Cc}\s]/u.test(given) || !URL.canParse(given)) return null;
  const page = new URL(given);
  return page.username || page.password ? null : page;
}
