import type { ServerAddress } from '../url.js';
import { type KnownServer, openConnection } from './open-connection.js';

/** Ends what the session `threadId` runs, over a connection of its own: the pool may have none to spare. @throws when the server does not listen. */
export async function killStatement(address: ServerAddress, server: KnownServer, threadId: number): Promise<void> {
  const { raw } = await openConnection(address, server);
  try {
    await new Promise<void>((resolve, reject) => {
      raw.query(`KILL QUERY ${threadId}`, (error: unknown) => (error ? reject(error) : resolve()));
    });
  } finally {
    raw.destroy();
  }
}
