import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

export interface MailServerOptions {
  host?: string;
  /** The login that it asks for; without one it asks for none. */
  login?: { user: string; password: string };
  /** What it does not offer, besides TLS. */
  disabledCommands?: string[];
}

/** Runs `work` beside a mail server without TLS and answers the messages it received. */
export async function withMailServer(
  work: (url: (host?: string) => string, port: number) => Promise<void>,
  { host = '127.0.0.1', login, disabledCommands = [] }: MailServerOptions = {},
): Promise<string[]> {
  const received: string[] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS', ...disabledCommands],
    onAuth(auth, _session, callback) {
      const isKnown = auth.username === login?.user && auth.password === login?.password;
      callback(isKnown ? null : new Error('Unknown'), { user: auth.username });
    },
    onData(stream, _session, callback) {
      let message = '';
      stream.on('data', (chunk: Buffer) => {
        message += chunk.toString();
      });
      stream.on('end', () => {
        received.push(message);
        callback();
      });
    },
  });
  server.on('error', () => {}); // a client that hangs up is what some tests are about
  const listening = server.listen(0, host);
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  try {
    await work((name = '127.0.0.1') => `smtp://${name}:${port}`, port);
  } finally {
    await new Promise<void>((resolve) => server.close(resolve));
  }
  return received;
}
