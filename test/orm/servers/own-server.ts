import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { type ChildServer, createDatabase, unprivilegedOwner } from '../../../scripts/servers/index.mjs';
import { type ConnectOptions, connect, type Database } from '../../../src/orm/index.js';
import { FAULT_SQL } from '../../setup/fault-servers.js';
import type { ServerEngine } from './own-database.js';

const START_TIMEOUT_MS = 120_000;

/** A certificate for `localhost`, the authority that signed it, and one of a stranger; valid until 2126, secret to nobody. */
export const TLS_FILES = Object.fromEntries(
  ['ca.pem', 'server.pem', 'server.key', 'stranger.pem'].map((name) => [
    name,
    fileURLToPath(new URL(`tls/${name}`, import.meta.url)),
  ]),
) as Record<'ca.pem' | 'server.pem' | 'server.key' | 'stranger.pem', string>;

export interface OwnServer {
  readonly server: ChildServer;
  /** A database of the server. */
  readonly url: string;
  open(options?: ConnectOptions, url?: string): Promise<Database>;
}

/** A server of its own for the `describe` it is called in: one that may be killed and stopped, and that can encrypt. */
export function ownServer(engine: ServerEngine): () => OwnServer {
  let own: OwnServer | undefined;
  const opened: Database[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-tls-'));

  beforeAll(async () => {
    const start = FAULT_SQL.find((candidate) => candidate.engine === engine)?.start;
    if (!start) throw new Error(`No ${engine} server is installed`);
    const server = await start(engine === 'postgres' ? postgresTls(folder) : mysqlTls(folder));
    const url = await createDatabase(server.url, `app_kernel_test_${randomBytes(6).toString('hex')}`);
    const open = async (options: ConnectOptions = {}, at = url): Promise<Database> => {
      const db = await connect(at, { dataDir: folder, entities: [], ...options });
      opened.push(db);
      return db;
    };
    own = { server, url, open };
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    for (const db of opened) await db.close();
    await own?.server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => own as OwnServer;
}

function postgresTls(folder: string): Record<string, string> {
  const { cert, key } = filesFor('postgres', folder);
  return { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key };
}

function mysqlTls(folder: string): Record<string, string> {
  const { cert, key } = filesFor('mysql', folder);
  return { 'ssl-cert': cert, 'ssl-key': key };
}

/** Servers read a key only from a file of their own. */
function filesFor(account: 'postgres' | 'mysql', folder: string): { cert: string; key: string } {
  const owner = unprivilegedOwner(account);
  const copy = (name: 'server.pem' | 'server.key'): string => {
    const file = join(folder, name);
    copyFileSync(TLS_FILES[name], file);
    chmodSync(file, 0o600);
    if (owner) chownSync(file, owner.uid, owner.gid);
    return file;
  };
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return { cert: copy('server.pem'), key: copy('server.key') };
}
