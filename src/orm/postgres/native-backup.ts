import { writeFile } from 'node:fs/promises';
import type { Client } from 'pg';
import type { NativeBackup } from '../dialect/native-backup.js';
import { runTool } from '../dialect/run-tool.js';
import { type WriteSecret, withSecretFiles } from '../dialect/secret-files.js';
import type { TlsSettings } from '../dialect/tls.js';

/** A table that someone else keeps locked is not waited for any longer, ms. */
const LOCK_WAIT_MS = 30_000;
const SSL_MODES = { nothing: 'require', authority: 'verify-ca', identity: 'verify-full' } as const;

/** Where `pg_dump` finds the server. */
export type ServerPlace = Pick<Client, 'host' | 'port' | 'user' | 'password' | 'database'>;

/** `pg_dump` in its custom format, of the very moment that the CSV files are of. */
export function postgresNativeBackup(place: ServerPlace, tls: TlsSettings | undefined): NativeBackup {
  return {
    extension: 'dump',
    write: (path, snapshot) =>
      withSecretFiles(async (secret) => {
        const [row] = await snapshot.all('SELECT pg_export_snapshot()', []);
        const target = await connectionInfo(place, tls, secret);
        await writeFile(path, '', { mode: 0o600, flag: 'wx' });
        await runTool(
          ['pg_dump'],
          [
            '--format=custom',
            '--no-password',
            `--lock-wait-timeout=${LOCK_WAIT_MS}`,
            `--snapshot=${String(row?.[0])}`,
            `--file=${path}`,
            `--dbname=${target}`,
          ],
        );
      }),
  };
}

async function connectionInfo(place: ServerPlace, tls: TlsSettings | undefined, secret: WriteSecret): Promise<string> {
  const { host, port, user, password, database } = place;
  const info: Record<string, string> = { host, port: String(port), dbname: database ?? '' };
  if (user) info.user = user;
  info.sslmode = tls ? SSL_MODES[tls.verify] : 'disable';
  if (typeof password === 'string' && password !== '') {
    info.passfile = await secret('password', `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`);
  }
  const material = { sslrootcert: tls?.material.ca, sslcert: tls?.material.cert, sslkey: tls?.material.key };
  for (const [name, content] of Object.entries(material)) {
    if (typeof content === 'string' || Buffer.isBuffer(content)) info[name] = await secret(name, content);
  }
  if (tls?.verify === 'identity' && info.sslrootcert === undefined) info.sslrootcert = 'system';
  return Object.entries(info)
    .map(([name, value]) => `${name}='${value.replace(/['\\]/g, '\\$&')}'`)
    .join(' ');
}
