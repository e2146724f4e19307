import { describe, expect, it } from 'vitest';
import {
  CircuitOpenError,
  ConflictError,
  ConnectionError,
  ConstraintError,
  KernelError,
  MaintenanceError,
  NotFoundError,
  SchemaError,
  TimeoutError,
  ValidationError,
} from '../../src/base/errors.js';
import {
  AuthError,
  BadRequestError,
  BodyTooLargeError,
  ForbiddenError,
  MethodNotAllowedError,
  RateLimitedError,
  toProblem,
  UnsupportedMediaTypeError,
} from '../../src/http/index.js';

/** As `ctx.throw` and `http-errors` make it. */
function createError(status: number, message?: string): Error {
  return Object.assign(new Error(message ?? 'Not Found'), { status, expose: status < 500 });
}

const problem = (error: unknown, debug = false) => toProblem(error, { requestId: 'r1', debug });
const unique = { kind: 'unique', table: 'users', columns: ['email'] } as const;

describe('every error of the family has its status', () => {
  it.each([
    [new BadRequestError('odd'), 400, 'odd'],
    [new AuthError(), 401, 'Not authenticated'],
    [new ForbiddenError('no'), 403, 'no'],
    [new NotFoundError('No product p1'), 404, 'No product p1'],
    [new MethodNotAllowedError(['GET']), 405, 'Method Not Allowed'],
    [new ConflictError('stale'), 409, 'stale'],
    [new ConstraintError(unique, 'INSERT INTO users …'), 409, 'Already exists: email'],
    [new ConstraintError({ ...unique, kind: 'not_null' }, 'SQL'), 422, 'Not allowed: email'],
    [
      new ConstraintError({ ...unique, kind: 'foreign_key' }, 'SQL'),
      422,
      'Refers to something that does not exist: email',
    ],
    [new BodyTooLargeError(10 * 1024 * 1024), 413, 'Request body too large (max 10MB)'],
    [new BodyTooLargeError(2048), 413, 'Request body too large (max 2KB)'],
    [new UnsupportedMediaTypeError('no'), 415, 'no'],
    [new ValidationError([{ loc: ['body', 'a'], msg: 'Bad', type: 'x' }]), 422, 'body.a: Bad'],
    [new RateLimitedError(3), 429, 'Rate limit exceeded'],
    [new ConnectionError('postgres://user:pass@host'), 503, 'Service temporarily unavailable'],
    [new CircuitOpenError('database', 2500), 503, 'Service temporarily unavailable'],
    [new TimeoutError('SELECT 1'), 503, 'Service temporarily unavailable'],
    [new MaintenanceError(), 503, 'Service temporarily unavailable'],
    [new SchemaError('no table'), 500, 'Internal server error'],
    [new KernelError('E_WHATEVER', 'inner words'), 500, 'Internal server error'],
    [new Error('inner words'), 500, 'Internal server error'],
    ['a string', 500, 'Internal server error'],
    [undefined, 500, 'Internal server error'],
  ])('%s', (error, status, detail) => {
    const { body } = problem(error);

    expect(body).toMatchObject({ type: 'about:blank', status, detail, request_id: 'r1' });
    expect(body.title).toBeTruthy();
    expect(body.code).toMatch(/^E_/);
  });
});

describe('errors thrown by ctx.throw', () => {
  it('keep their status, and their message where it is meant for clients', () => {
    expect(problem(createError(418, 'short and stout')).body).toMatchObject({ status: 418, detail: 'short and stout' });
    expect(problem(createError(404)).body).toMatchObject({ status: 404, detail: 'Not Found', code: 'E_NOT_FOUND' });
    expect(problem(createError(502, 'secret upstream')).body).toMatchObject({ status: 502, detail: 'Bad Gateway' });
  });
});

describe('headers', () => {
  it('say how to authenticate, what is allowed and when to come back', () => {
    expect(problem(new AuthError()).headers).toEqual({ 'WWW-Authenticate': 'Bearer' });
    expect(problem(new MethodNotAllowedError(['GET', 'POST'])).headers).toEqual({ Allow: 'GET, POST' });
    expect(problem(new RateLimitedError(3.2)).headers).toEqual({ 'Retry-After': '4' });
    expect(problem(new CircuitOpenError('db', 2500)).headers).toEqual({ 'Retry-After': '3' });
    expect(problem(new MaintenanceError()).headers).toEqual({ 'Retry-After': '5' });
  });
});

describe('what is inside', () => {
  it('stays inside: no stack, SQL or cause', () => {
    const cause = new Error('canary-cause');
    const error = new ConnectionError('canary-sql SELECT', { cause, details: { sql: 'canary-details' } });

    expect(JSON.stringify(problem(error))).not.toContain('canary');
    expect(JSON.stringify(problem(new Error('canary-message')))).not.toContain('canary');
  });

  it('is shown to developers under debug', () => {
    const { debug } = problem(new Error('inner words'), true).body as { debug: { message: string; stack: string[] } };

    expect(debug.message).toBe('inner words');
    expect(debug.stack.join()).toContain('problem.test');
  });
});
