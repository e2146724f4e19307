import {
  ConflictError,
  ConnectionError,
  ConstraintError,
  type ConstraintKind,
  KernelError,
  SchemaError,
  TimeoutError,
  ValidationError,
} from '../../base/errors.js';
import { refusedStatement } from '../dialect/refused-statement.js';
import { isTlsFault, TLS_MEND } from '../dialect/tls.js';
import { unreachable } from '../dialect/unreachable.js';
import { NO_ANSWER } from '../pool/no-answer.js';

const KIND_OF_ERRNO: Readonly<Record<number, ConstraintKind>> = {
  1022: 'unique',
  1062: 'unique',
  1586: 'unique',
  1048: 'not_null',
  1364: 'not_null',
  1216: 'foreign_key',
  1217: 'foreign_key',
  1451: 'foreign_key',
  1452: 'foreign_key',
  3819: 'check',
  4025: 'check',
};

/** After these the server has given up the whole transaction, or may have. */
const DEADLOCK = new Set([1213, 1020, 3058, 3572]);
const LOCK_WAIT = 1205;
const NO_SUCH_INDEX = 1176;
const STATEMENT_LIMIT = new Set([1317, 1969, 3024]);
/** Too many connections, shutting down, killed, no such database, access denied. */
const OUTAGE = new Set([1040, 1043, 1053, 1079, 1129, 1203, 1226, 1927, 2006, 2013, 4031]);
const REFUSED = new Set([1044, 1045, 1049, 1698, 3118, 3159]);
const VALUE = new Set([1264, 1265, 1292, 1366, 1406, 1690, 3140]);
const TOO_LARGE = new Set([1153, 1301]);
const READ_ONLY = new Set([1792, 1290]);
/** No such table, no such column. */
const MISSING = new Set([1146, 1054]);
const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ENOENT|PROTOCOL_|HANDSHAKE_|EADDR)/;

interface DriverFault extends Error {
  errno?: number | undefined;
  code?: string | undefined;
  fatal?: boolean | undefined;
  sqlState?: string | undefined;
}

function faultOf(error: unknown): DriverFault | undefined {
  const fault = error instanceof KernelError ? error.cause : error;
  return fault instanceof Error ? (fault as DriverFault) : undefined;
}

const errnoOf = (error: unknown): number => faultOf(error)?.errno ?? 0;

/** The server has ended the transaction by itself; nothing may follow but a rollback. */
export function endsTransaction(error: unknown): boolean {
  const errno = errnoOf(error);
  return DEADLOCK.has(errno) || errno === LOCK_WAIT;
}

/** The transaction surely did not take effect: a deadlock, which a cluster may find at COMMIT only. */
export function isUndone(error: unknown): boolean {
  return DEADLOCK.has(errnoOf(error));
}

/** An upsert names an index that is not there. */
export function lacksKey(error: unknown): boolean {
  return errnoOf(error) === NO_SUCH_INDEX;
}

/** The connection is gone or in an unknown state. */
export function endsConnection(error: unknown): boolean {
  const fault = faultOf(error);
  if (!fault) return false;
  return fault.fatal === true || OUTAGE.has(fault.errno ?? 0) || NETWORK.test(fault.code ?? '');
}

/** A unit that failed so may succeed when it runs again as a whole: its transaction was undone. */
export function isTransient(error: unknown): boolean {
  return endsTransaction(error) || (error instanceof ConnectionError && endsConnection(error));
}

export function isOutage(error: unknown): boolean {
  return (error instanceof ConnectionError && endsConnection(error)) || faultOf(error)?.code === NO_ANSWER;
}

/** What the driver reports, as the kernel's own errors. */
export function mapMysqlError(error: unknown, sql: string): Error {
  if (!(error instanceof Error) || error instanceof KernelError) return error as Error;
  const cause = withoutValues(error);
  const errno = cause.errno ?? 0;
  const kind = KIND_OF_ERRNO[errno];
  if (kind) return constraintError(kind, cause, sql);
  if (DEADLOCK.has(errno)) return new ConflictError('The transaction lost a deadlock and was undone', { cause });
  if (errno === LOCK_WAIT) return new TimeoutError('Another transaction has held a row for too long', { cause });
  if (STATEMENT_LIMIT.has(errno)) return new TimeoutError('The statement took too long and was ended', { cause });
  if (REFUSED.has(errno)) return new ConnectionError(refusal(errno), { cause });
  if (READ_ONLY.has(errno)) return new KernelError('E_READ_ONLY', 'This database context is read-only', { cause });
  if (VALUE.has(errno)) return new ValidationError([], `A value does not fit its column${column(cause)}`, { cause });
  if (TOO_LARGE.has(errno)) return new ValidationError([], 'A value is too large for the database', { cause });
  if (isTlsFault(cause.code ?? ''))
    return new ConnectionError(`The database's line cannot be encrypted (${cause.message}); ${TLS_MEND}`, { cause });
  if (endsConnection(cause)) return new ConnectionError(unreachable(error, reason(cause)), { cause });
  if (error instanceof TypeError)
    return new ValidationError([], `The statement cannot be run: ${cause.message}`, { cause });
  return notAccepted(cause, errno);
}

/** With the mend, where a migration may not create the triggers that record versions. */
function notAccepted(cause: DriverFault, errno: number): SchemaError {
  if (errno === 1142 && /^TRIGGER command denied/i.test(cause.message))
    return new SchemaError(
      'Versions are recorded by triggers, which this database user may not create; GRANT TRIGGER ON the database to it',
      { cause },
    );
  if (errno === 1419)
    return new SchemaError(
      'Versions are recorded by triggers, which nobody may create here while the server keeps a binary log; start it with log_bin_trust_function_creators = 1',
      { cause },
    );
  return refusedStatement(cause.message, cause, MISSING.has(errno));
}

/** The server repeats values in its sentences, and the driver adds the statement; they would end up in logs. */
function withoutValues(error: DriverFault): DriverFault {
  const message = error.message
    .replace(/^Duplicate entry '[\s\S]*' for key/, 'Duplicate entry for key')
    .replace(/^((?:Incorrect|Truncated incorrect) [\w ]*value): '[\s\S]*?'(?= for column|$)/, '$1');
  const cause: DriverFault = new Error(message);
  cause.name = error.name;
  if (error.stack !== undefined) cause.stack = error.stack.replace(error.message, message);
  const { code, errno, fatal, sqlState } = error;
  return Object.assign(cause, { code, errno, fatal, sqlState });
}

function refusal(errno: number): string {
  return errno === 1049 ? 'The database does not exist; create it first' : 'The database refused the user or password';
}

function reason({ code, errno }: DriverFault): string {
  return code ?? String(errno);
}

function column({ message }: DriverFault): string {
  const name = /column (?:`[^`]*`\.)*[`']([^`']+)[`']/i.exec(message)?.[1];
  return name === undefined ? '' : ` (${name})`;
}

function constraintError(kind: ConstraintKind, cause: DriverFault, sql: string): ConstraintError {
  const { table, columns, constraint } = placeOf(kind, cause.message, sql);
  const where =
    columns.length > 0 ? `${table} (${columns.join(', ')})` : [table, constraint].filter(Boolean).join(': ');
  return new ConstraintError(
    { kind, table, columns, ...(constraint !== undefined && { constraint }) },
    `${SENTENCES[kind]}: ${where}`,
    { cause },
  );
}

interface Place {
  readonly table: string;
  readonly columns: readonly string[];
  readonly constraint: string | undefined;
}

/** The server names the table for some constraints, the column for others, and the value for all too many. */
function placeOf(kind: ConstraintKind, message: string, sql: string): Place {
  const written = writtenTable(sql);
  switch (kind) {
    case 'unique': {
      const key = /for key '(?:[^'.]+\.)?([^']+)'$/.exec(message)?.[1];
      return { table: written, columns: [], constraint: key };
    }
    case 'not_null': {
      const name = /(?:Column|Field) '([^']+)'/.exec(message)?.[1];
      return { table: written, columns: name === undefined ? [] : [name], constraint: undefined };
    }
    case 'check': {
      const maria = /CONSTRAINT `([^`]+)` failed for `[^`]+`\.`([^`]+)`/.exec(message);
      const name = maria?.[1] ?? /constraint '([^']+)'/i.exec(message)?.[1];
      return { table: maria?.[2] ?? written, columns: [], constraint: name };
    }
    case 'foreign_key': {
      const match = /\(`[^`]+`\.`([^`]+)`, CONSTRAINT `([^`]+)`/.exec(message);
      return { table: match?.[1] ?? written, columns: [], constraint: match?.[2] };
    }
  }
}

/** The table that a statement writes to, '' when it is none of ours. */
function writtenTable(sql: string): string {
  return /^\s*(?:INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+`?(\w+)`?/i.exec(sql)?.[1] ?? '';
}

/** The same error with the columns that its key covers. */
export function withColumns(error: ConstraintError, columns: readonly string[]): ConstraintError {
  return new ConstraintError(
    {
      kind: error.kind,
      table: error.table,
      columns,
      ...(error.constraint !== undefined && { constraint: error.constraint }),
    },
    `${SENTENCES[error.kind]}: ${error.table} (${columns.join(', ')})`,
    { cause: error.cause },
  );
}

const SENTENCES: Record<ConstraintKind, string> = {
  unique: 'A row with the same value exists already',
  not_null: 'A value is required',
  check: 'A value breaks a check',
  foreign_key: 'A referenced row does not exist, or the row is still referenced',
};
