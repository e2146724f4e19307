import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface SealOptions {
  /** The service's secret; the key that is made of it is another one for each purpose. */
  secret: string;
  /** What sealed texts are for: one cannot be used as another. */
  purpose: string;
  /** Whose it is: one cannot be put into another's place. */
  owner?: string;
}

/** Encrypts `text`, so that a copy of the database or of Redis alone tells nothing. */
export function seal(text: string, options: SealOptions): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(options), iv).setAAD(Buffer.from(options.owner ?? ''));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Null when it was sealed with another secret, or for another purpose or owner. */
export function unseal(sealed: string, options: SealOptions): string | null {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, IV_BYTES);
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(options), iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(options.owner ?? '')).setAuthTag(tag);
    const text = [decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()];
    return Buffer.concat(text).toString('utf8');
  } catch {
    return null;
  }
}

function keyOf({ secret, purpose }: SealOptions): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `app-kernel ${purpose} v1`, 32));
}
