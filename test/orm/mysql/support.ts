import { type AddressInfo, createServer, type Server, type Socket, connect as tcp } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { type ConnectOptions, connect, type Database } from '../../../src/orm/index.js';
import { freshDatabase, SQL_BACKENDS, type TestDatabase } from '../../setup/sql-backends.js';

/** One entry where a server is known, none elsewhere; the runner says so and demands it in CI. */
export const MYSQL = SQL_BACKENDS.filter(({ engine }) => engine === 'mysql');

/** A database of its own for the `describe` it is called in; every handle that was opened on it is closed at the end. */
export function ownDatabase(): { url(): string; open(options?: ConnectOptions, url?: string): Promise<Database> } {
  let database: TestDatabase | undefined;
  const opened: Database[] = [];
  beforeAll(async () => {
    database = await freshDatabase('mysql');
  });
  afterAll(async () => {
    for (const db of opened) await db.close();
    await database?.drop();
  });
  const url = (): string => database?.url ?? '';
  return {
    url,
    open: async (options = {}, at = url()) => {
      const db = await connect(at, { dataDir: database?.dataDir ?? '', ...options });
      opened.push(db);
      return db;
    },
  };
}

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
    this.#server = createServer((client) => this.#join(client, tcp(Number(target.port || 3306), target.hostname)));
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
