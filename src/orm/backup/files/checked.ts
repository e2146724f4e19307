import { createHash } from 'node:crypto';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';

/**
 * Passes a file on while its checksum is built.
 * @throws BackupCorruptError at its end, where it is not what was noted of it, or as soon as it is longer.
 */
export async function* checked(
  source: AsyncIterable<Uint8Array>,
  name: string,
  expected: { readonly bytes: number; readonly sha256: string },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const bytes of source) {
    length += bytes.length;
    if (length > expected.bytes) throw new BackupCorruptError(`${name} is longer than ${expected.bytes} bytes`);
    hash.update(bytes);
    yield bytes as Buffer;
  }
  if (length !== expected.bytes)
    throw new BackupCorruptError(`${name} has ${length} bytes instead of ${expected.bytes}`);
  if (hash.digest('hex') !== expected.sha256)
    throw new BackupCorruptError(`${name} does not have the checksum that was noted`);
}
