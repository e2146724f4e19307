import { TimeoutError } from '../../base/errors.js';

/** The code of the cause of a TimeoutError where the server holds the line but says nothing. */
export const NO_ANSWER = 'NO_ANSWER';

/** More tries would multiply the wait, so it is not transient. */
export function noAnswer(afterMs: number): TimeoutError {
  const cause = Object.assign(new Error('The server stays silent'), { code: NO_ANSWER });
  return new TimeoutError(`The database has not answered for ${Math.round(afterMs)} ms`, { cause });
}
