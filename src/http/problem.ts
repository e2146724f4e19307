import { STATUS_CODES } from 'node:http';
import { ConstraintError, isKernelError, ValidationError, type ValidationIssue } from '../base/errors.js';
import { MethodNotAllowedError, RangeNotSatisfiableError } from './errors.js';

/** The body of every error answer: RFC 9457, `application/problem+json`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id: string;
  code: string;
  errors?: readonly ValidationIssue[];
  debug?: unknown;
}

export interface ProblemResponse {
  body: Problem;
  headers: Readonly<Record<string, string>>;
}

/** The one table from error code to status. A code that is not here is a fault of ours: 500. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  E_BAD_REQUEST: 400,
  E_UNAUTHENTICATED: 401,
  E_SECOND_FACTOR: 401,
  E_PAYMENT_FAILED: 402,
  E_FORBIDDEN: 403,
  E_NOT_FOUND: 404,
  E_METHOD_NOT_ALLOWED: 405,
  E_CONFLICT: 409,
  E_BODY_TOO_LARGE: 413,
  E_UNSUPPORTED_MEDIA_TYPE: 415,
  E_RANGE: 416,
  E_BACKUP_ARCHIVE: 400,
  E_ADDRESS_REFUSED: 422,
  E_BACKUP_CORRUPT: 422,
  E_BACKUP_KEY: 422,
  E_CONSTRAINT: 422,
  E_VALIDATION: 422,
  E_RATE_LIMITED: 429,
  E_CIRCUIT_OPEN: 503,
  E_CONNECTION: 503,
  E_EMAIL_NOT_CONFIGURED: 503,
  E_EMAIL_REJECTED: 503,
  E_IDEMPOTENCY_IN_FLIGHT: 409,
  E_IDEMPOTENCY_KEY_REUSED: 422,
  E_MAINTENANCE: 503,
  E_NOT_STARTED: 503,
  E_STREAM_LIMIT: 429,
  E_TASK_CANCELLED: 409,
  E_TIMEOUT: 503,
};

/** Seconds after which a 503 is worth another try, where the fault does not say. */
const RETRY_AFTER_SECONDS = 5;
/** Statuses whose answer may say when to try again. */
const RETRIED = new Set([409, 429, 503]);
const MAX_DETAIL_LENGTH = 500;

/** What a client is told of `error`: never a stack, SQL, a value it sent or anything of a fault that is ours. */
export function toProblem(error: unknown, context: { requestId: string; debug?: boolean }): ProblemResponse {
  const status = statusOf(error);
  const errors = issuesOf(error);
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: detailOf(error, status),
    request_id: context.requestId,
    code: codeOf(error, status),
    ...(errors && { errors }),
    ...(context.debug && { debug: debugOf(error) }),
  };
  return { body, headers: headersOf(error, status) };
}

/** The problem of a bare status, as when a handler only sets `ctx.status`. */
export function statusProblem(status: number, requestId: string): ProblemResponse {
  const title = STATUS_CODES[status] ?? 'Error';
  const body: Problem = {
    type: 'about:blank',
    title,
    status,
    detail: title,
    request_id: requestId,
    code: codeOfStatus(status),
  };
  return { body, headers: statusHeaders(status) };
}

function statusOf(error: unknown): number {
  if (error instanceof ConstraintError && error.kind === 'unique') return 409;
  if (isKernelError(error)) return STATUS_BY_CODE[error.code] ?? 500;
  return httpStatus(error) ?? 500;
}

/** An error made by `ctx.throw` and `http-errors` says its status, and whether its message is meant for clients. */
function httpStatus(error: unknown): number | undefined {
  const status = error instanceof Error ? ((error as { status?: unknown }).status ?? undefined) : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : undefined;
}

function codeOf(error: unknown, status: number): string {
  if (!isKernelError(error)) return codeOfStatus(status);
  return status === 500 ? 'E_INTERNAL' : error.code;
}

function codeOfStatus(status: number): string {
  if (status === 500) return 'E_INTERNAL';
  const words = (STATUS_CODES[status] ?? 'Error').toUpperCase().replace(/[^A-Z]+/g, '_');
  return `E_${words}`;
}

function detailOf(error: unknown, status: number): string {
  if (status === 500) return 'Internal server error';
  if (error instanceof ConstraintError) return constraintDetail(error);
  if (isKernelError(error)) return status >= 500 ? 'Service temporarily unavailable' : clip(error.message);
  const exposed = error instanceof Error && (error as { expose?: unknown }).expose === true;
  return exposed ? clip(error.message) : (STATUS_CODES[status] ?? 'Error');
}

function clip(text: string): string {
  return text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH)}…` : text;
}

function constraintDetail({ kind, columns }: ConstraintError): string {
  const fields = columns.join(', ') || 'these values';
  if (kind === 'unique') return `Already exists: ${fields}`;
  if (kind === 'foreign_key') return `Refers to something that does not exist: ${fields}`;
  return `Not allowed: ${fields}`;
}

function issuesOf(error: unknown): readonly ValidationIssue[] | undefined {
  if (error instanceof ValidationError) return error.issues;
  if (!(error instanceof ConstraintError) || error.kind === 'unique') return undefined;
  const msg = constraintDetail(error);
  return error.columns.map((column) => ({ loc: ['body', column], msg, type: error.kind }));
}

function headersOf(error: unknown, status: number): Record<string, string> {
  const headers = statusHeaders(status);
  if (error instanceof MethodNotAllowedError) headers.Allow = error.allowed.join(', ');
  if (error instanceof RangeNotSatisfiableError) headers['Content-Range'] = `bytes */${error.size}`;
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined && RETRIED.has(status)) headers['Retry-After'] = String(retryAfter);
  return headers;
}

function statusHeaders(status: number): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer' };
  if (status === 503) return { 'Retry-After': String(RETRY_AFTER_SECONDS) };
  return {};
}

function retryAfterSeconds(error: unknown): number | undefined {
  if (!isKernelError(error)) return undefined;
  const { retryAfterSeconds: seconds, retryAfterMs } = error.details ?? {};
  if (typeof seconds === 'number') return Math.max(1, Math.ceil(seconds));
  return typeof retryAfterMs === 'number' ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : undefined;
}

function debugOf(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  return { name: error.name, message: error.message, stack: error.stack?.split('\n') };
}
