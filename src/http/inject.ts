import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';

export interface InjectInit extends RequestInit {
  /** The peer's address as the service sees it; default 127.0.0.1. */
  remoteAddress?: string;
}

const WITHOUT_BODY: readonly number[] = [101, 204, 205, 304];
const BASE = 'http://localhost';

/** Sends a request through `listener` in this process, without a socket; a path needs no host. */
export async function injectRequest(
  listener: RequestListener,
  input: Request | URL | string,
  init: InjectInit = {},
): Promise<Response> {
  const { remoteAddress, ...requestInit } = init;
  const request =
    input instanceof Request ? new Request(input, requestInit) : new Request(new URL(input, BASE), requestInit);
  const url = new URL(request.url);
  const payload = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
  const { default: inject } = await import('light-my-request'); // a service in production has no need of it
  const response = await inject(listener, {
    method: request.method as 'GET',
    url: url.pathname + url.search,
    authority: url.host,
    headers: Object.fromEntries(request.headers),
    payloadAsStream: true,
    ...(payload && { payload }),
    ...(remoteAddress !== undefined && { remoteAddress }),
    signal: request.signal,
  });
  return toResponse(request.method, response.statusCode, response.headers, response.stream());
}

function toResponse(
  method: string,
  status: number,
  fields: Record<string, number | string | string[] | undefined>,
  stream: Readable,
): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    for (const single of [value ?? []].flat()) headers.append(name, String(single));
  }
  if (method === 'HEAD' || WITHOUT_BODY.includes(status)) {
    stream.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(stream) as ReadableStream, { status, headers });
}
