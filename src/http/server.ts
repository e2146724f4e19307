import { createServer, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { uuidv7 } from '../base/ids.js';
import type { Header } from './edge/cache-control.js';
import { fixedSecurityHeaders } from './edge/security-headers.js';
import { type ProblemResponse, statusProblem } from './problem.js';

export interface HttpServerOptions {
  /** Longest wait for a request's headers, so that slow senders cannot hold connections; default 15 s. */
  headersTimeoutMs?: number;
  /** Longest wait for a whole request; default 120 s. */
  requestTimeoutMs?: number;
  /** How long an idle connection is kept; default 65 s, longer than load balancers keep theirs. */
  keepAliveTimeoutMs?: number;
  /** Sends HSTS with the errors that never reach the application. */
  production?: boolean;
}

const CHECK_INTERVAL_MS = 1000;
const STATUS_BY_FAULT: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
};

/** A server with bounded waits, whose own refusals (malformed HTTP, slow headers) are problems like any other. */
export function createHttpServer(listener: RequestListener, options: HttpServerOptions = {}): Server {
  const fixed = fixedSecurityHeaders(options.production ?? false);
  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 15_000,
      requestTimeout: options.requestTimeoutMs ?? 120_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      requireHostHeader: false, // refused below instead, with a body and headers
    },
    function refuseWithoutHost(request, response) {
      if (request.headers.host !== undefined || request.httpVersion === '1.0') return listener(request, response);
      writeRefusal(response, statusProblem(400, uuidv7()), fixed);
    },
  );
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    writeRefusal(response, statusProblem(417, uuidv7()), fixed);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable || answeredAlready(socket)) {
      socket.destroy();
      return;
    }
    const problem = statusProblem(STATUS_BY_FAULT[error.code ?? ''] ?? 400, uuidv7());
    socket.end(rawRefusal(problem, fixed));
  });
  return server;
}

/** Bytes of an earlier answer on this connection must not be followed by an answer to nothing. */
function answeredAlready(socket: Socket): boolean {
  const message = (socket as Socket & { _httpMessage?: { headersSent: boolean } })._httpMessage;
  return message?.headersSent === true;
}

function refusalHeaders(body: string, requestId: string, fixed: readonly Header[]): Header[] {
  return [
    ['Connection', 'close'],
    ['Content-Type', 'application/problem+json'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store, max-age=0'],
    ['X-Request-ID', requestId],
    ...fixed,
  ];
}

function writeRefusal(response: ServerResponse, problem: ProblemResponse, fixed: readonly Header[]): void {
  const text = JSON.stringify(problem.body);
  for (const [name, value] of refusalHeaders(text, problem.body.request_id, fixed)) response.setHeader(name, value);
  response.statusCode = problem.body.status;
  response.end(text);
}

/** The same answer where there is no response to write to, only the socket. */
function rawRefusal({ body }: ProblemResponse, fixed: readonly Header[]): string {
  const text = JSON.stringify(body);
  const status = `HTTP/1.1 ${body.status} ${STATUS_CODES[body.status] ?? 'Error'}`;
  const headers = refusalHeaders(text, body.request_id, fixed).map(([name, value]) => `${name}: ${value}`);
  return [status, ...headers, '', text].join('\r\n');
}
