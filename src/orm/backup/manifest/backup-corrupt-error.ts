import { KernelError } from '../../../base/errors.js';

/** A backup that is not what it says it is. */
export class BackupCorruptError extends KernelError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('E_BACKUP_CORRUPT', message, options);
  }
}
