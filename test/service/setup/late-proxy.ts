import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/** Stands between a client and its server, whose answers it holds back for `delayMs` each, as a long way does. */
export class LateProxy {
  delayMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#join(client, tcp(Number(target.port), target.hostname)));
  }

  static async open(target: string): Promise<LateProxy> {
    const proxy = new LateProxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}/0`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => setTimeout(() => client.write(data), this.delayMs));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
