import { hkdfSync } from 'node:crypto';
import { KernelError } from '../../../base/errors.js';

const KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;
const CHECK_BYTES = 16;

/** A backup is sealed, and the key that is configured does not open it; or none is configured. */
export class BackupKeyError extends KernelError {
  constructor(message: string) {
    super('E_BACKUP_KEY', message);
  }
}

/** Whether a text is the key of AES-256: 32 bytes as hex or base64. */
export function isBackupKey(text: unknown): text is string {
  return typeof text === 'string' && (HEX.test(text) || BASE64.test(text));
}

/** What backups are sealed with. It seals no file itself: each has a key of its own, so no nonce is ever used twice. */
export class BackupKey {
  readonly #bytes: Buffer;

  /** @param text `openssl rand -hex 32`, or the same in base64. @throws BackupKeyError */
  constructor(text: string) {
    if (!isBackupKey(text)) throw new BackupKeyError('The key of backups must be 32 bytes as hex or base64');
    this.#bytes = Buffer.from(text, HEX.test(text) ? 'hex' : 'base64');
  }

  /** @param place what the file is; what was sealed as one file does not open as another. */
  fileKey(salt: Buffer, place: string): Buffer {
    return this.#derive(salt, `app-kernel backup file ${place}`, KEY_BYTES);
  }

  /** Tells another key from a damaged file. */
  check(salt: Buffer): Buffer {
    return this.#derive(salt, 'app-kernel backup key', CHECK_BYTES);
  }

  #derive(salt: Buffer, purpose: string, length: number): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes, salt, purpose, length));
  }
}
