import { createHash } from 'node:crypto';

/** How long something is, and its checksum. */
export async function sumOf(source: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const bytes of source) {
    length += bytes.length;
    hash.update(bytes);
  }
  return { bytes: length, sha256: hash.digest('hex') };
}
