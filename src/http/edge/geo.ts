import type { IncomingMessage } from 'node:http';

export interface Geo {
  /** ISO 3166-1 alpha-2, or Cloudflare's `T1` (Tor) and `XX` (unknown). */
  country: string | null;
  city: string | null;
  /** Two letters: `EU`, `NA`. */
  continent: string | null;
}

const MAX_CITY_LENGTH = 100;

/** Where Cloudflare says the client is. A claim like any header: believe it only behind Cloudflare. */
export function getGeoFromHeaders(ctx: { req: IncomingMessage }): Geo {
  const country = single(ctx.req.headers['cf-ipcountry'])?.toUpperCase();
  const city = single(ctx.req.headers['cf-ipcity']);
  const continent = single(ctx.req.headers['cf-ipcontinent'])?.toUpperCase();
  return {
    country: country && /^[A-Z][A-Z0-9]$/.test(country) ? country : null,
    city: city && city.length <= MAX_CITY_LENGTH ? city : null,
    continent: continent && /^[A-Z][A-Z0-9]$/.test(continent) ? continent : null,
  };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
