import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The connections of a server that have not sent a byte yet: browsers and balancers open some ahead of need. To Node's
 * `closeIdleConnections` they are about to send their first request, so that a shutdown would wait for them.
 */
export class SilentConnections {
  readonly #sockets = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', ({ socket }) => this.#sockets.delete(socket));
  }

  close(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}
