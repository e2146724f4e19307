import {
  ConflictError,
  ConnectionError,
  ConstraintError,
  type ConstraintKind,
  KernelError,
  TimeoutError,
  ValidationError,
} from '../../base/errors.js';
import { refusedStatement } from '../dialect/refused-statement.js';
import { isTlsFault, TLS_MEND } from '../dialect/tls.js';
import { unreachable } from '../dialect/unreachable.js';
import { NO_ANSWER } from '../pool/no-answer.js';

const KIND_OF_CODE: Record<string, ConstraintKind> = {
  '23505': 'unique',
  '23P01': 'unique',
  '23502': 'not_null',
  '23514': 'check',
  '23503': 'foreign_key',
  '23001': 'foreign_key',
};

/** A serialization failure, a deadlock, a lock that was waited for too long, a plan that a migration made stale. */
const PASSING = new Set(['40001', '40P01', '55P03', '0A000/plan', '26000']);
/** Connection faults (08), a server that shuts down, starts or is full, and what the operating system says. */
const UNREACHABLE =
  /^(08...|57P0[1-5]|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
/** A wrong password, an unknown role or database: more tries do not help. */
const REFUSED = /^(28...|3D000)$/;
/** No such table, no such column. */
const MISSING = new Set(['42P01', '42703']);
const LOST = /connection terminated|timeout expired|client was closed|connection error and is not queryable/i;

const LOST_CONNECTION = 'LOST';

/** What the driver throws: an Error with the fields of the server's report. */
interface Report extends Error {
  code?: string;
  detail?: string;
  table?: string;
  column?: string;
  constraint?: string;
  where?: string;
  hint?: string;
}

/** Its code, with the faults that the driver tells by their sentence alone given one. */
function codeOf(error: unknown): string {
  const cause = error instanceof KernelError ? error.cause : error;
  if (!(cause instanceof Error)) return '';
  const { code } = cause as Report;
  if (code === '0A000' && /cached plan/.test(cause.message)) return '0A000/plan';
  if (typeof code === 'string' && code !== '') return code;
  return LOST.test(cause.message) ? LOST_CONNECTION : '';
}

/** The same work may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return PASSING.has(code) || isLost(code);
}

/** The transaction surely did not take effect: a serialization failure, which may show at COMMIT only, or a deadlock. */
export function isUndone(error: unknown): boolean {
  return /^(40001|40P01)$/.test(codeOf(error));
}

/** The server cannot be reached, which no statement is to blame for. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  return isLost(code) || code === NO_ANSWER;
}

/** An upsert names columns that no unique key covers. */
export function lacksKey(error: unknown): boolean {
  return codeOf(error) === '42P10';
}

/** The session is gone, or in a state that nobody knows. */
export function endsConnection(error: unknown): boolean {
  return isLost(codeOf(error));
}

/** The server no longer knows a prepared statement, or its result has another shape by now. */
export function isStalePlan(error: unknown): boolean {
  return /^(0A000\/plan|26000)$/.test(codeOf(error));
}

function isLost(code: string): boolean {
  return code === LOST_CONNECTION || UNREACHABLE.test(code);
}

/** What the driver throws, as the kernel's own errors. */
export function mapPostgresError(error: unknown, sql = ''): Error {
  if (!(error instanceof Error) || error instanceof KernelError) return error as Error;
  const code = codeOf(error);
  const cause = withoutValues(error);
  const kind = KIND_OF_CODE[code];
  if (kind) return constraintError(kind, error, cause);
  if (isTlsFault(code))
    return new ConnectionError(`The database's line cannot be encrypted (${firstLine(error)}); ${TLS_MEND}`, { cause });
  if (isLost(code)) return new ConnectionError(unreachable(error, code), { cause });
  if (REFUSED.test(code)) return new ConnectionError(refusal(error), { cause });
  return statementError(code, error, cause, sql);
}

function statementError(code: string, error: Error, cause: Error, sql: string): Error {
  switch (code) {
    case '40001':
    case '40P01':
      return new ConflictError('Another transaction changed the same rows at the same time', { cause });
    case '57014':
      return new TimeoutError(`The statement was stopped: ${error.message}`, { cause });
    case '55P03':
      return new TimeoutError('A lock was not free in time', { cause });
    case '25006':
      return new KernelError('E_READ_ONLY', 'This database context is read-only', { cause });
    case '25P02':
      return new KernelError(
        'E_TRANSACTION_FAILED',
        'An earlier statement of this transaction failed, so that nothing more can run in it; give what may fail its own dbContext',
        { cause },
      );
    default:
  }
  if (code.startsWith('22')) return new ValidationError([], `A value does not fit: ${firstLine(cause)}`, { cause });
  if (code === '' && sql === '') return new ConnectionError(`The connection failed: ${firstLine(error)}`, { cause });
  return refusedStatement(error.message, cause, MISSING.has(code));
}

/** The server names the user or the database that it refuses, and no password. */
function refusal(error: Error): string {
  return `The database refused the connection: ${firstLine(error)}; make what is missing, or correct the URL`;
}

function firstLine(error: Error): string {
  return error.message.split('\n', 1)[0] ?? '';
}

/** The server repeats whole rows in the fields that are left out, and bad values in its sentences; they would end up in logs. */
function withoutValues(error: Report): Error {
  const message = error.code?.startsWith('22') ? error.message.replace(/"[\s\S]*"/, '"…"') : error.message;
  const cause: Report = new Error(message);
  cause.name = error.name;
  if (error.stack !== undefined) cause.stack = error.stack.replace(error.message, message);
  const { code, table, column, constraint, hint } = error;
  const where = COPIED_LINE.exec(error.where ?? '')?.[0];
  return Object.assign(cause, { code, table, column, constraint, hint, where });
}

/** `COPY items, line 3, column price: "…"`, up to the value. */
const COPIED_LINE = /^COPY .+?, line (\d+)(?:, column ([^:\n]+))?/m;

/** A value, or a rule that it breaks. */
const ABOUT_VALUES = /^2[23]/;

/** Which line of a COPY from here the error is about. One that is about none, such as a lost connection, may name one as well. */
export function copiedLine(error: unknown): { line: number; column: string | undefined } | undefined {
  if (!ABOUT_VALUES.test(codeOf(error))) return undefined;
  const { where } = ((error as Error | undefined)?.cause ?? {}) as Report;
  const [, line, column] = COPIED_LINE.exec(where ?? '') ?? [];
  return line === undefined ? undefined : { line: Number(line), column };
}

function constraintError(kind: ConstraintKind, report: Report, cause: Error): ConstraintError {
  const table = /on table "([^"]+)"/.exec(report.message)?.[1] ?? report.table ?? '';
  const columns = report.column === undefined ? keyColumns(report.detail) : [report.column];
  const { constraint } = report;
  const where =
    columns.length > 0 ? `${table} (${columns.join(', ')})` : [table, constraint].filter(Boolean).join(': ');
  return new ConstraintError(
    { kind, table, columns, ...(constraint !== undefined && { constraint }) },
    `${SENTENCES[kind]}: ${where}`,
    { cause },
  );
}

/** `Key (workspace_id, name)=(…) already exists.` */
function keyColumns(detail: string | undefined): string[] {
  const list = /^Key \((.+?)\)=\(/.exec(detail ?? '')?.[1];
  return list === undefined ? [] : list.split(', ').map((name) => name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'));
}

const SENTENCES: Record<ConstraintKind, string> = {
  unique: 'A row with the same value exists already',
  not_null: 'A value is required',
  check: 'A value breaks a check',
  foreign_key: 'A referenced row does not exist, or the row is still referenced',
};
