import type { Server, ServerResponse } from 'node:http';
import { BriskSet } from '../base/brisk-set.js';

/** The responses of a server that have not ended yet. In a plain set half of all requests outlived their answer. */
export class Unanswered {
  readonly #responses = new BriskSet<ServerResponse>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on('request', (_request, response: ServerResponse) => {
      this.#responses.add(response);
      response.once('close', () => this.#responses.delete(response));
    });
  }

  get count(): number {
    return this.#responses.size;
  }

  /** Tells their clients, and those of all requests to come, not to send another request on the connection. */
  announceEnd(): void {
    this.#server.prependListener('request', (_request, response: ServerResponse) => announceEnd(response));
    for (const response of this.#responses) announceEnd(response);
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
