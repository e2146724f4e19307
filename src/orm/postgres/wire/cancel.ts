import type { Client } from 'pg';
import { TimeoutError } from '../../../base/errors.js';

const TIMEOUT_MS = 2_000;

/** What the driver's typings leave out: the key of a session, and the wire below a client. */
interface SessionKey {
  readonly processID: number;
  readonly secretKey: number;
}
interface Wire {
  readonly stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
  on(event: 'connect' | 'sslconnect' | 'end', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
}

/**
 * Asks the server to end what a session runs. The request travels over a line of its own, which the server closes once
 * the session has its signal: what is sent to the session from then on is safe from it.
 * @param messenger a client that is not connected yet.
 * @throws when the server does not listen.
 */
export function cancelStatement(session: Client, messenger: Client): Promise<void> {
  const { processID, secretKey } = session as unknown as SessionKey;
  const wire = messenger.connection as unknown as Wire;
  return new Promise((resolve, reject) => {
    const leave = (end: () => void): void => {
      clearTimeout(timer);
      wire.stream.destroy();
      end();
    };
    const fail = (error: Error): void => leave(() => reject(error));
    const timer = setTimeout(() => fail(new TimeoutError('The server took no cancel request')), TIMEOUT_MS);
    const send = (): void => wire.cancel(processID, secretKey);
    wire.on('connect', () => (messenger.ssl ? wire.requestSsl() : send()));
    wire.on('sslconnect', send);
    wire.on('end', () => leave(resolve));
    wire.on('error', fail);
    if (messenger.host.startsWith('/')) wire.connect(`${messenger.host}/.s.PGSQL.${messenger.port}`);
    else wire.connect(messenger.port, messenger.host);
  });
}
