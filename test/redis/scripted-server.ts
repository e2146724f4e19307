import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** What to say to one command, in the protocol of Redis; nothing at all when undefined. */
type Answer = (name: string, args: readonly string[], connection: number) => string | undefined;

/** A server that speaks as much of Redis as its script knows, for faults that a real one does not show on demand. */
export class ScriptedServer {
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      const connection = ++this.connections;
      this.#sockets.add(socket.on('error', () => {}));
      socket.on('data', (data) => {
        for (const [name = '', ...args] of commandsIn(String(data))) {
          const reply = answer(name.toLowerCase(), args, connection);
          if (reply !== undefined) socket.write(`${reply}\r\n`);
        }
      });
    });
  }

  static async open(answer: Answer): Promise<ScriptedServer> {
    const opened = new ScriptedServer(answer);
    opened.#server.listen(0, '127.0.0.1');
    await once(opened.#server, 'listening');
    return opened;
  }

  url(credentials = ''): string {
    const address = this.#server.address();
    return `redis://${credentials}127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

/** Arrays of bulk strings without line breaks, each whole in one packet. */
function commandsIn(text: string): string[][] {
  const commands = text.split(/^\*\d+\r\n/m).filter(Boolean);
  return commands.map((command) => command.split('\r\n').filter((_, i) => i % 2 === 1));
}
