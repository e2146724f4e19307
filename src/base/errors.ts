/** What every error of the kernel carries besides its message. */
export interface KernelErrorOptions {
  /** The fault underneath, kept for logs and never shown to a client. */
  cause?: unknown;
  /** Facts a program may act on (table, constraint, limit…); never a secret. */
  details?: Readonly<Record<string, unknown>>;
}

/** Calls that a stack shows: a save passes fifteen of the kernel's own before the one that made it. */
const STACK_DEPTH = 30;

/**
 * The one error family. `code` (`E_…`) is stable and is what programs switch on; `message` names the fault and its mend.
 * No HTTP status lives here: `http/problem` alone maps codes to statuses.
 */
export class KernelError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: KernelErrorOptions = {}) {
    const depth = Error.stackTraceLimit;
    if (depth > 0) Error.stackTraceLimit = Math.max(depth, STACK_DEPTH);
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = depth;
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True for any kernel error, also one made by another copy of this package. */
export function isKernelError(error: unknown): error is KernelError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E_');
}

/** One fault of an input: where it is, what is wrong, and the kind of fault. */
export interface ValidationIssue {
  /** Path to the value, outermost first: `['body', 'items', 0, 'price']`. */
  loc: ReadonlyArray<string | number>;
  msg: string;
  type: string;
}

/** Bad input; `issues` names every faulty field. */
export class ValidationError extends KernelError {
  readonly issues: readonly ValidationIssue[];

  constructor(issues: readonly ValidationIssue[], message = describeIssues(issues), options?: KernelErrorOptions) {
    super('E_VALIDATION', message, options);
    this.issues = issues;
  }
}

function describeIssues(issues: readonly ValidationIssue[]): string {
  return issues.map((issue) => `${issue.loc.join('.')}: ${issue.msg}`).join('; ');
}

/** One fault of a configuration. */
export interface ConfigFault {
  field: string;
  fault: string;
  mend: string;
}

/** Every fault of a configuration at once, so that it is mended in one go. */
export class ConfigError extends KernelError {
  readonly faults: readonly ConfigFault[];

  constructor(title: string, faults: readonly ConfigFault[]) {
    const lines = faults.map(({ field, fault, mend }) => `  - ${field}: ${fault}. ${mend}`);
    super('E_CONFIG', `${title}\n${lines.join('\n')}`);
    this.faults = faults;
  }
}

export class NotFoundError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_NOT_FOUND', message, options);
  }
}

/** The stored state is not the one the caller expected (a stale version, a duplicate, a lost race). */
export class ConflictError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_CONFLICT', message, options);
  }
}

export type ConstraintKind = 'unique' | 'not_null' | 'check' | 'foreign_key';

/** A database constraint refused a write. */
export class ConstraintError extends KernelError {
  readonly kind: ConstraintKind;
  readonly table: string;
  /** The columns where the engine names them, else the constraint's name. */
  readonly columns: readonly string[];
  readonly constraint: string | undefined;

  constructor(
    fault: { kind: ConstraintKind; table: string; columns?: readonly string[]; constraint?: string },
    message: string,
    options?: KernelErrorOptions,
  ) {
    super('E_CONSTRAINT', message, { ...options, details: { ...fault, ...options?.details } });
    this.kind = fault.kind;
    this.table = fault.table;
    this.columns = fault.columns ?? [];
    this.constraint = fault.constraint;
  }
}

/** An entity or a database whose shape is wrong or unknown. */
export class SchemaError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_SCHEMA', message, options);
  }
}

/** A server (database, Redis, SMTP…) could not be reached or dropped the connection. */
export class ConnectionError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_CONNECTION', message, options);
  }
}

/** The circuit breaker is open: the call was refused without being tried. */
export class CircuitOpenError extends KernelError {
  constructor(
    readonly service: string,
    readonly retryAfterMs: number,
  ) {
    super('E_CIRCUIT_OPEN', `${service} is failing; calls are refused for another ${retryAfterMs} ms`, {
      details: { service, retryAfterMs },
    });
  }
}

/** A wait (for a pool, a statement, a lock, a remote answer) reached its limit. */
export class TimeoutError extends KernelError {
  constructor(message: string, options?: KernelErrorOptions) {
    super('E_TIMEOUT', message, options);
  }
}

/** The service is being restored and takes no writes. */
export class MaintenanceError extends KernelError {
  constructor(message = 'A restore is running; try again shortly', options?: KernelErrorOptions) {
    super('E_MAINTENANCE', message, options);
  }
}
