import { writeFile } from 'node:fs/promises';
import type { NativeBackup } from '../dialect/native-backup.js';
import { runTool } from '../dialect/run-tool.js';
import { type WriteSecret, withSecretFiles } from '../dialect/secret-files.js';
import type { Flavor } from './flavor.js';
import type { ServerAddress } from './url.js';

const TOOLS = { mariadb: ['mariadb-dump', 'mysqldump'], mysql: ['mysqldump', 'mariadb-dump'] } as const;

/** `mariadb-dump` or `mysqldump`: one consistent moment, though not the very one of the CSV files. */
export function mysqlNativeBackup(address: ServerAddress, flavor: Flavor): NativeBackup {
  return {
    extension: 'sql',
    write: (path) =>
      withSecretFiles(async (secret) => {
        const options = await secret('client.cnf', await optionFile(address, secret));
        await writeFile(path, '', { mode: 0o600, flag: 'wx' });
        await runTool(TOOLS[flavor.name], [
          `--defaults-extra-file=${options}`,
          '--single-transaction',
          '--quick',
          '--hex-blob',
          '--triggers',
          `--result-file=${path}`,
          '--',
          address.database,
        ]);
      }),
  };
}

async function optionFile(address: ServerAddress, secret: WriteSecret): Promise<string> {
  const { host, port, socketPath, user, password, tls } = address;
  const values: Record<string, string> = { user, password };
  if (socketPath === undefined) Object.assign(values, { host, port: String(port), protocol: 'TCP' });
  else values.socket = socketPath;
  const material = { 'ssl-ca': tls?.material.ca, 'ssl-cert': tls?.material.cert, 'ssl-key': tls?.material.key };
  for (const [name, content] of Object.entries(material)) {
    if (typeof content === 'string' || Buffer.isBuffer(content)) values[name] = await secret(name, content);
  }
  const lines = Object.entries(values).map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`);
  return `[client]\n${lines.join('\n')}\n`;
}
