import type { RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

export interface InjectInit extends RequestInit {
  /** The peer's address as the service sees it; default 127.0.0.1. */
  remoteAddress?: string;
}

const WITHOUT_BODY: readonly number[] = [101, 204, 205, 304];
const BASE = 'http://localhost';

/**
 * Sends a request through `listener` in this process, without a socket; a path needs no host. Who cancels the answer's
 * body has left, as one who closes a connection.
 */
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
  const stream = response.stream();
  leaveWith(stream, response.raw.res);
  return toResponse(request.method, response.statusCode, response.headers, stream);
}

/** A body that is closed before its end ends the answer as well. */
function leaveWith(stream: Readable, answer: ServerResponse): void {
  stream.on('error', () => {}); // whoever reads hears of it
  stream.once('close', () => {
    if (!answer.writableEnded) answer.socket?.destroy();
  });
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
  return new Response(webStream(stream), { status, headers });
}

/** Not `Readable.toWeb`, which throws at nobody when a body is cancelled, nor `from`, which leaves an unread one open. */
function webStream(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void stream.destroy(),
    },
    { highWaterMark: 0 },
  );
}
