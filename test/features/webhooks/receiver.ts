import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders & Record<string, string>;
  body: string;
  at: number;
}

export type Answer = (response: ServerResponse, request: Received) => void;

/** Somebody else's server on this machine, which keeps what it gets. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How it answers from now on; default 200 with an empty body. */
  answer: Answer;
  /** How many requests have not been answered. */
  readonly open: number;
  close(): Promise<void>;
}

export async function openReceiver(answer: Answer = (response) => void response.end()): Promise<Receiver> {
  const received: Received[] = [];
  let open = 0;
  const server = createServer(async (request, response) => {
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
    let body = '';
    for await (const chunk of request) body += chunk;
    const message = { path: request.url ?? '', headers: request.headers as Received['headers'], body, at: Date.now() };
    received.push(message);
    receiver.answer(response, message);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer,
    get open() {
      return open;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** It takes the message and never says so. */
export const hang: Answer = () => {};

export function answering(status: number, body = '', headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(status, headers).end(body);
}
