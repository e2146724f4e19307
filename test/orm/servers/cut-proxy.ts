import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'postgresql:': 5432, 'mysql:': 3306, 'mariadb:': 3306 };

/** Stands between the kernel and the server, and cuts the line when it is told to. */
export class CutProxy {
  readonly #server: Server;
  readonly #cut: (sent: string) => boolean;
  readonly #sockets = new Set<Socket>();
  /** How often the line was cut. */
  cuts = 0;
  /** What was cut stays open without a sound, as behind a server that stands still. */
  silent = false;

  private constructor(target: URL, cut: (sent: string) => boolean) {
    this.#cut = cut;
    const port = Number(target.port) || DEFAULT_PORTS[target.protocol] || 0;
    this.#server = createServer((client) => this.#join(client, tcp(port, target.hostname)));
  }

  /** @param cut sees what the client sends; when it says so, the server still gets it, but its answer is lost. */
  static async open(target: string, cut: (sent: string) => boolean): Promise<CutProxy> {
    const proxy = new CutProxy(new URL(target), cut);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  url(target: string): string {
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.toString();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, server: Socket): void {
    let deaf = false;
    client.on('data', (data) => {
      if (!deaf && this.#cut(data.toString('latin1'))) {
        deaf = true;
        this.cuts += 1;
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (!deaf) client.write(data);
      else if (!this.silent) client.destroy();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  }
}
