import { ValidationError } from '../../../base/errors.js';

const NAME = /^csv_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})_[0-9a-f]{8}(?:_\d{1,4})?$/;

/** `csv_20260210_140000_a1b2c3d4`: when it was made, in UTC, and of which schema. */
export function backupName(at: Date, schemaHash: string): string {
  const digits = at.toISOString().replace(/\D/g, '');
  return `csv_${digits.slice(0, 8)}_${digits.slice(8, 14)}_${schemaHash.slice(0, 8)}`;
}

export function isBackupName(name: string): boolean {
  return NAME.test(name);
}

/** @throws ValidationError for anything that could lead out of the folder of backups. */
export function assertBackupName(name: unknown): asserts name is string {
  if (typeof name === 'string' && isBackupName(name)) return;
  throw new ValidationError(
    [{ loc: ['backup_name'], msg: 'Invalid backup name', type: 'invalid_value' }],
    'Invalid backup name: it looks like csv_20260210_140000_a1b2c3d4',
  );
}

/** `20260210_140000`, as part of other names. */
export function timestampOf(name: string): string {
  return name.slice('csv_'.length, 'csv_20260210_140000'.length);
}
