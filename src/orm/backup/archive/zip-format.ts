import { KernelError } from '../../../base/errors.js';

/** A file that is no archive of a backup. */
export class BackupArchiveError extends KernelError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('E_BACKUP_ARCHIVE', message, options);
  }
}

export const LOCAL_HEADER = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
export const DIRECTORY_HEADER = 0x02014b50;
export const DIRECTORY_END = 0x06054b50;
export const DIRECTORY_END_64 = 0x06064b50;
export const LOCATOR_64 = 0x07064b50;

export const LOCAL_HEADER_BYTES = 30;
export const DIRECTORY_HEADER_BYTES = 46;
export const DIRECTORY_END_BYTES = 22;
export const DIRECTORY_END_64_BYTES = 56;
export const LOCATOR_64_BYTES = 20;

export const STORED = 0;
export const DEFLATED = 8;
export const EXTRA_64 = 1;

/** What does not fit into 32 bits is written elsewhere, in 64. */
export const ELSEWHERE = 0xffffffff;
export const ELSEWHERE_16 = 0xffff;

export const FLAG_ENCRYPTED = 1;
/** Checksum and sizes follow the data. */
export const FLAG_DESCRIPTOR = 8;
export const FLAG_UTF8 = 0x800;
