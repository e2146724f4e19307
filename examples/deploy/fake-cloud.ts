import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeCloudOptions {
  /** Called as an order arrives, and again before it is answered: `PUT /droplets/web-1`. */
  onOrder?: (order: string, when: 'arrives' | 'is done') => unknown;
  /** How long it takes to make something, ms. */
  delayMs?: number;
}

/**
 * A fake cloud provider, on this machine and in memory: it makes droplets (machines), runs containers on them, and keeps
 * DNS records. A name is used once: what was destroyed is not made any more, however late its order arrives.
 */
export class FakeCloud {
  /** What each droplet runs. */
  readonly droplets = new Map<string, Set<string>>();
  /** The droplets that each domain leads to. */
  readonly records = new Map<string, string[]>();
  readonly #destroyed = new Set<string>();
  readonly #server: Server;
  readonly #options: FakeCloudOptions;

  private constructor(options: FakeCloudOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(port = 0, options: FakeCloudOptions = {}): Promise<FakeCloud> {
    const cloud = new FakeCloud(options);
    cloud.#server.listen(port, '127.0.0.1');
    await once(cloud.#server, 'listening');
    return cloud;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything that costs money. */
  get bill(): string[] {
    const machines = [...this.droplets].flatMap(([name, containers]) => [
      name,
      ...[...containers].map((app) => `${name}/${app}`),
    ]);
    return [...machines, ...this.records.keys()];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const order = `${request.method} ${request.url}`;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return; // it was called off halfway
    await this.#options.onOrder?.(order, 'arrives');
    if (request.method === 'PUT') await new Promise((resolve) => setTimeout(resolve, this.#options.delayMs ?? 10));
    const status = this.#carryOut(order, body);
    await this.#options.onOrder?.(order, 'is done');
    response.writeHead(status).end();
  }

  #carryOut(order: string, body: string): number {
    const [method, kind, name = '', app] = order.split(/ \/|\//);
    const isWanted = method === 'PUT';
    if (!isWanted) this.#destroyed.add(order.slice(method?.length));
    if (isWanted && this.#destroyed.has(order.slice(method?.length))) return 410;
    if (kind === 'records') isWanted ? this.records.set(name, JSON.parse(body)) : this.records.delete(name);
    else if (app === undefined) isWanted ? this.droplets.set(name, new Set()) : this.droplets.delete(name);
    else isWanted ? this.droplets.get(name)?.add(app) : this.droplets.get(name)?.delete(app);
    return 204;
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}
