import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createHttpServer, type HttpServerOptions } from '../../../src/http/index.js';
import type { Served } from './serve.js';

export interface Listening extends AsyncDisposable {
  server: Server;
  port: number;
  url: string;
  /** Sends bytes as they are and answers everything that came back until the connection ended. */
  raw(bytes: string): Promise<string>;
}

/** A real server on a free port of the loopback address. */
export async function listen(served: Served, options?: HttpServerOptions): Promise<Listening> {
  const server = createHttpServer(served.app.callback(), options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    raw: (bytes) => exchange(port, bytes),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}
