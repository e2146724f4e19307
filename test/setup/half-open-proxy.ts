import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

/** What the proxy does with bytes. `deaf`: the server gets them, and its answers are lost. `mute`: nobody gets any. */
export type ProxyState = 'open' | 'deaf' | 'mute';

/**
 * Stands between a client and its server. While it is deaf or mute it keeps and takes connections all the same, as a
 * network does that drops packets; a connection that has lost bytes stays without a word, also when it is open again.
 */
export class HalfOpenProxy {
  state: ProxyState = 'open';
  /** So much later than they were given answers come, as over a long way, ms. */
  delayMs = 0;
  /** Connections that lost bytes. */
  broken = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#join(client, tcp(Number(target.port), target.hostname)));
  }

  static async open(target: string): Promise<HalfOpenProxy> {
    const proxy = new HalfOpenProxy(new URL(target));
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
    let lost: 'nothing' | 'answers' | 'all' = 'nothing';
    const lose = (what: 'answers' | 'all') => {
      if (lost === 'nothing') this.broken += 1;
      lost = what;
    };
    client.on('data', (data) => {
      if (this.state === 'mute') lose('all');
      if (lost !== 'all') server.write(data);
    });
    server.on('data', (data) => {
      if (this.state !== 'open' && lost === 'nothing') lose('answers');
      if (lost !== 'nothing') return;
      if (this.delayMs === 0) client.write(data);
      else setTimeout(() => client.write(data), this.delayMs);
    });
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
