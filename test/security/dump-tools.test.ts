import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NativeBackup, NativeToolMissing } from '../../src/orm/dialect/native-backup.js';
import { flavorOf } from '../../src/orm/mysql/flavor.js';
import { mysqlNativeBackup } from '../../src/orm/mysql/native-backup.js';
import { serverAddress } from '../../src/orm/mysql/url.js';
import { postgresNativeBackup } from '../../src/orm/postgres/native-backup.js';

const PASSWORD = String.raw`hush:"'\ $(touch x)`;
const SNAPSHOT = { all: async () => [['00000003-1']] };
const TLS = { verify: 'authority', material: { ca: 'the authority' } } as const;

/** Notes what anyone on the machine could see of it, and what only its owner can. */
const TOOL = `#!/bin/sh
tr '\\0' '\\n' < /proc/$$/cmdline > "$0.seen"
for file in $(grep -o '/[^ =]*app-kernel-secret-[^ '"'"']*' "$0.seen"); do
  stat -c '%a' "$file" >> "$0.rights"
  cat "$file" >> "$0.secrets"
done
`;

describe('row 48: the tools of the engines', () => {
  const path = process.env.PATH;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-tools-'));
    process.env.PATH = `${folder}:${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true, force: true });
  });

  const address = serverAddress(`mysql://me:${encodeURIComponent(PASSWORD)}@db.example.com:3307/shop`, {
    acquireTimeoutMs: 1,
  });
  const place = { host: 'db.example.com', port: 5433, user: 'me', password: PASSWORD, database: 'the shop' };
  const tools: ReadonlyArray<[string, NativeBackup, RegExp[]]> = [
    [
      'pg_dump',
      postgresNativeBackup(place, TLS),
      [/--snapshot=00000003-1/, /dbname='the shop'/, /sslmode='verify-ca'/, /host='db\.example\.com' port='5433'/],
    ],
    [
      'mariadb-dump',
      mysqlNativeBackup({ ...address, tls: TLS }, flavorOf('11.4.2-MariaDB')),
      [/--single-transaction/, /--\nshop\n/],
    ],
  ];

  for (const [tool, native, args] of tools) {
    it(`${tool} gets its password in a file that only its owner can read, never as an argument`, async () => {
      const program = join(folder, tool);
      writeFileSync(program, TOOL, { mode: 0o755 });
      await native.write(join(folder, 'out'), SNAPSHOT);
      const seen = readFileSync(`${program}.seen`, 'utf8');
      for (const expected of args) expect(seen).toMatch(expected);
      expect(seen).not.toContain('hush');
      expect(readFileSync(`${program}.secrets`, 'utf8')).toContain('hush');
      expect(new Set(readFileSync(`${program}.rights`, 'utf8').trim().split('\n'))).toEqual(new Set(['600']));
      const secret = /\/[^ =]*app-kernel-secret-[^ ']*/.exec(seen)?.[0] ?? '';
      expect(() => readFileSync(secret)).toThrow('ENOENT');
    });

    it(`${tool} that fails, or is not there, says so`, async () => {
      writeFileSync(join(folder, tool), '#!/bin/sh\necho "no such table" >&2; exit 3\n', { mode: 0o755 });
      await expect(native.write(join(folder, 'out'), SNAPSHOT)).rejects.toThrow(
        `${tool} ended with status 3: no such table`,
      );
      process.env.PATH = '/nowhere';
      await expect(native.write(join(folder, 'other'), SNAPSHOT)).rejects.toThrow(NativeToolMissing);
    });
  }
});
