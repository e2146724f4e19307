import {
  ConnectionError,
  ConstraintError,
  type ConstraintKind,
  KernelError,
  SchemaError,
  ValidationError,
} from '../../base/errors.js';
import { refusedStatement } from '../dialect/refused-statement.js';

const KIND_OF_CODE: Record<string, ConstraintKind> = {
  SQLITE_CONSTRAINT_UNIQUE: 'unique',
  SQLITE_CONSTRAINT_PRIMARYKEY: 'unique',
  SQLITE_CONSTRAINT_ROWID: 'unique',
  SQLITE_CONSTRAINT_NOTNULL: 'not_null',
  SQLITE_CONSTRAINT_CHECK: 'check',
  SQLITE_CONSTRAINT_FOREIGNKEY: 'foreign_key',
  SQLITE_CONSTRAINT_TRIGGER: 'foreign_key',
};

const OUTAGE = /^SQLITE_(IOERR|CANTOPEN|FULL|CORRUPT|NOTADB|PROTOCOL)/;
const BUSY = /^SQLITE_(BUSY|LOCKED)/;
const MISSING = /^(no such (table|column)|table \S+ has no column)/;

/** Another process holds the file; the same work may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return BUSY.test(codeOf(error instanceof KernelError ? error.cause : error));
}

/** An upsert names columns that no unique key covers. */
export function lacksKey(error: unknown): boolean {
  return error instanceof SchemaError && /ON CONFLICT clause does not match/.test(error.message);
}

export function isOutage(error: unknown): boolean {
  return error instanceof ConnectionError && OUTAGE.test(codeOf(error.cause));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What better-sqlite3 throws, as the kernel's own errors. SQL and values stay in the cause. */
export function mapSqliteError(error: unknown, sql: string): Error {
  if (!(error instanceof Error) || error instanceof KernelError) return error as Error;
  const code = codeOf(error);
  const kind = KIND_OF_CODE[code];
  if (kind) return constraintError(kind, error, sql);
  if (BUSY.test(code)) return new ConnectionError('The database file is locked by another process', { cause: error });
  if (OUTAGE.test(code)) return new ConnectionError(`The database file cannot be used (${code})`, { cause: error });
  if (code === 'SQLITE_READONLY')
    return new KernelError(
      'E_READ_ONLY',
      'This database context is read-only, or the process may not write the database file',
      { cause: error },
    );
  if (code === 'SQLITE_TOOBIG')
    return new ValidationError([], 'A value is too large for the database', { cause: error });
  if (error instanceof RangeError || error instanceof TypeError) return bindingError(error);
  return refusedStatement(error.message, error, MISSING.test(error.message));
}

function bindingError(error: Error): Error {
  if (/connection is not open/.test(error.message))
    return new ConnectionError('The database is closed', { cause: error });
  return new ValidationError([], `The statement cannot be run: ${error.message}`, { cause: error });
}

function constraintError(kind: ConstraintKind, error: Error, sql: string): ConstraintError {
  const detail = error.message.split(' constraint failed: ')[1] ?? '';
  const written = /^\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?/i.exec(sql)?.[1] ?? '';
  const places = kind === 'check' || kind === 'foreign_key' ? [] : detail.split(', ').map((place) => place.split('.'));
  const table = places[0]?.[0] || written;
  const columns = places.flatMap(([, column]) => column ?? []);
  const constraint = kind === 'check' ? detail : undefined;
  const where =
    columns.length > 0 ? `${table} (${columns.join(', ')})` : [table, constraint].filter(Boolean).join(': ');
  return new ConstraintError(
    { kind, table, columns, ...(constraint !== undefined && { constraint }) },
    `${SENTENCES[kind]}: ${where}`,
    { cause: error },
  );
}

const SENTENCES: Record<ConstraintKind, string> = {
  unique: 'A row with the same value exists already',
  not_null: 'A value is required',
  check: 'A value breaks a check',
  foreign_key: 'A referenced row does not exist, or the row is still referenced',
};
