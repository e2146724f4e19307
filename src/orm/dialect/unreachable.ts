type Fault = Error & { errors?: readonly Error[] };

/**
 * What a log says of a server that is not reached. Where it never was, that is its address and the mend; a name that has
 * several addresses fails once for each. The URL, which holds a password, is no part of it.
 */
export function unreachable(error: Fault, code: string): string {
  const attempt = [error, ...(error.errors ?? [])].find(({ message }) => /^(connect|getaddrinfo) /.test(message));
  if (!attempt) return `The database cannot be reached (${code})`;
  return `The database cannot be reached (${attempt.message}); start it, or correct its URL`;
}
