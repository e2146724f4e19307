import { ConnectionError, isKernelError, KernelError, TimeoutError } from '../../base/errors.js';

const UNREACHABLE = new Set(['ECONNECTION', 'ESOCKET', 'EDNS', 'EPROTOCOL', 'ECONNREFUSED', 'ECONNRESET', 'EPROXY']);

/** A failed delivery as a kernel error. What the server said is kept as the cause: it may name addresses. */
export function emailFailure(error: unknown): KernelError {
  if (isKernelError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const status = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : undefined;
  if (code === 'ETIMEDOUT' || isAbort(error))
    return new TimeoutError('The mail server did not answer in time', { cause: error });
  if (code === 'ETLS') return new ConnectionError('The mail server offers no usable TLS', { cause: error });
  if (status === undefined && UNREACHABLE.has(code)) {
    return new ConnectionError('The mail server could not be reached', { cause: error });
  }
  const reason = code === 'EAUTH' ? 'the log-in' : 'the mail';
  const permanent = status === undefined || status >= 500;
  return new KernelError('E_EMAIL_REJECTED', `The mail server refused ${reason}${status ? ` (${status})` : ''}`, {
    cause: error,
    details: { status, permanent },
  });
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'AbortError' || error.name === 'TimeoutError' || ('code' in error && error.code === 'ABORT_ERR'))
  );
}
