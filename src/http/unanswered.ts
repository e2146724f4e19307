import type { Server, ServerResponse } from 'node:http';

/**
 * The responses of a server that have not ended yet. They stand in places that are given out again: a set that is added to and
 * deleted from with every request is copied every few of them, each copy that has died holds on to the next one, and all of
 * them to the responses in them until the next full collection. Half of all requests outlived their answer so: a tenth of the CPU.
 */
export class Unanswered {
  readonly #places: Array<ServerResponse | undefined> = [];
  readonly #free: number[] = [];
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on('request', (_request, response: ServerResponse) => {
      const place = this.#free.pop() ?? this.#places.length;
      this.#places[place] = response;
      response.once('close', () => {
        this.#places[place] = undefined;
        this.#free.push(place);
      });
    });
  }

  get count(): number {
    return this.#places.length - this.#free.length;
  }

  /** Tells their clients, and those of all requests to come, not to send another request on the connection. */
  announceEnd(): void {
    this.#server.prependListener('request', (_request, response: ServerResponse) => announceEnd(response));
    for (const response of this.#places) if (response) announceEnd(response);
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
