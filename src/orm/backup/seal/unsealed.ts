import { createDecipheriv } from 'node:crypto';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import { type BackupKey, BackupKeyError } from './backup-key.js';
import { CHUNK_BYTES, CIPHER, HEADER_BYTES, MAGIC, nonceOf, Pieces, SALT_BYTES, TAG_BYTES } from './sealed-format.js';

/**
 * Opens what streams by; memory holds one chunk, and nothing is passed on that was not authenticated.
 * @param place what the file was sealed as.
 * @throws BackupKeyError for another key, BackupCorruptError for what was changed, cut off or put together otherwise.
 */
export async function* unsealed(
  source: AsyncIterable<Uint8Array>,
  key: BackupKey | undefined,
  place: string,
): AsyncGenerator<Buffer> {
  if (!key) throw new BackupKeyError(`${place} is sealed, and no key is configured: name it with backupEncryption`);
  const pieces = new Pieces(CHUNK_BYTES + TAG_BYTES);
  let header: Buffer | undefined = Buffer.alloc(0);
  let open: OpenChunk | undefined;
  for await (const bytes of source) {
    let rest = bytes as Buffer;
    if (header) {
      header = Buffer.concat([header, rest]);
      if (header.length < HEADER_BYTES) continue;
      open = opener(header, key, place);
      rest = header.subarray(HEADER_BYTES);
      header = undefined;
    }
    for (const piece of pieces.push(rest)) yield (open as OpenChunk)(piece, false);
  }
  if (!open) throw damaged(place);
  yield open(pieces.last(), true);
}

type OpenChunk = (sealed: Buffer, isLast: boolean) => Buffer;

function opener(header: Buffer, key: BackupKey, place: string): OpenChunk {
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged(place);
  const salt = header.subarray(MAGIC.length, MAGIC.length + SALT_BYTES);
  if (!key.check(salt).equals(header.subarray(MAGIC.length + SALT_BYTES, HEADER_BYTES)))
    throw new BackupKeyError(`${place} was sealed with another key, or its first bytes are damaged`);
  const fileKey = key.fileKey(salt, place);
  let chunks = 0;
  return (sealed, isLast) => {
    const end = sealed.length - TAG_BYTES;
    if (end < 0) throw damaged(place);
    try {
      const decipher = createDecipheriv(CIPHER, fileKey, nonceOf(chunks++, isLast), { authTagLength: TAG_BYTES });
      const text = decipher.setAuthTag(sealed.subarray(end)).update(sealed.subarray(0, end));
      decipher.final();
      return text;
    } catch {
      throw damaged(place);
    }
  };
}

function damaged(place: string): BackupCorruptError {
  return new BackupCorruptError(`${place} was changed or cut off after it was sealed`);
}
