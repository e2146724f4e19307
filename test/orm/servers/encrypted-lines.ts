import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConnectionError, type Database, SchemaError } from '../../../src/orm/index.js';
import type { ServerEngine } from './own-database.js';
import { type OwnServer, TLS_FILES } from './own-server.js';

const IS_ENCRYPTED = {
  postgres: 'SELECT ssl AS encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  mysql: `SELECT variable_value <> '' AS encrypted FROM information_schema.session_status WHERE variable_name = 'ssl_cipher'`,
};

export function describeEncryptedLines(engine: ServerEngine, own: () => OwnServer): void {
  describe('the line to the server', () => {
    const ca = readFileSync(TLS_FILES['ca.pem']);
    const stranger = readFileSync(TLS_FILES['stranger.pem']);
    /** The URL by another host, with a query. */
    const at = (host: string, query = ''): string => {
      const url = new URL(own().url);
      url.hostname = host;
      return `${url}${query}`;
    };
    const isEncrypted = async (db: Database): Promise<boolean> =>
      Boolean((await db.query<{ encrypted: unknown }>(IS_ENCRYPTED[engine]))[0]?.encrypted);

    it('is plain unless somebody asks for more', async () => {
      expect(await isEncrypted(await own().open())).toBe(false);
    });

    it('is encrypted by the option and by the URL', async () => {
      const { open } = own();
      expect(await isEncrypted(await open({ ssl: { ca } }, at('localhost')))).toBe(true);
      expect(await isEncrypted(await open({}, at('127.0.0.1', '?sslmode=require')))).toBe(true);
      expect(await isEncrypted(await open({ ssl: { ca } }, at('127.0.0.1', '?sslmode=verify-ca')))).toBe(true);
      const byFile = `?sslmode=verify-full&sslrootcert=${TLS_FILES['ca.pem']}`;
      expect(await isEncrypted(await open({}, at('localhost', byFile)))).toBe(true);
    });

    it('is refused where the certificate is not signed by the authority, or is for another host', async () => {
      const { open } = own();
      for (const [options, address] of [
        [{ ssl: true }, at('localhost')],
        [{ ssl: { ca: stranger } }, at('localhost')],
        [{ ssl: { ca: stranger } }, at('127.0.0.1', '?sslmode=verify-ca')],
      ] as const) {
        const refused = open(options, address);
        await expect(refused).rejects.toBeInstanceOf(ConnectionError);
        await expect(refused).rejects.toThrow(/cannot be encrypted .*ssl: \{ ca \}/);
      }
      const otherName = open({ ssl: { ca } }, at('127.0.0.1'));
      await expect(otherName).rejects.toBeInstanceOf(engine === 'mysql' ? SchemaError : ConnectionError);
    });

    it('ends a statement by its signal as well when it is encrypted', async () => {
      const db = await own().open({ ssl: { ca }, poolSize: 1 }, at('localhost'));
      const pid = engine === 'mysql' ? 'SELECT CONNECTION_ID() AS pid' : 'SELECT pg_backend_pid() AS pid';
      const before = await db.query(pid);
      const enough = new Error('enough');
      const controller = new AbortController();
      const sleeping = db.query(engine === 'mysql' ? 'SELECT SLEEP(60)' : 'SELECT pg_sleep(60)', [], controller);
      while (db.stats().pool.inUse === 0) await new Promise(setImmediate);
      controller.abort(enough);
      await expect(sleeping).rejects.toBe(enough);
      expect(await db.query(pid)).toEqual(before);
    });

    it('may be a Unix socket', async () => {
      const { server, open, url } = own();
      const name = new URL(url).pathname.slice(1);
      const bySocket =
        engine === 'mysql'
          ? [`mysql://root@localhost/${name}?socket=${join(server.folder, 'mysql.sock')}`]
          : [
              `postgresql:///${name}?host=${server.folder}&port=${server.port}&user=postgres`,
              `postgresql://postgres@${encodeURIComponent(server.folder)}:${server.port}/${name}`,
            ];
      for (const address of bySocket) {
        // A socket is not encrypted, and nobody sits on it.
        const db = await open({ ssl: true, poolSize: 1 }, address);
        expect(await isEncrypted(db)).toBe(false);
        expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      }
    });
  });
}
