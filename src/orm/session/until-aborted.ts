/** Longest wait for the server to end a statement; after it the connection is given up. */
const CANCEL_TIMEOUT_MS = 2_000;

interface Ending {
  /** Asks the server to end what runs on the connection; the connection is then fit for use again. */
  cancel(): Promise<void>;
  /** Ends the connection. */
  giveUp(): void;
}

/**
 * Runs a statement that `signal` ends, also on the server: a statement that nobody waits for must not go on holding locks
 * and a connection. When this settles, the connection is fit for use or given up.
 * @throws the signal's reason where the abort came before the statement's end.
 */
export async function untilAborted<T>(signal: AbortSignal, run: () => Promise<T>, ending: Ending): Promise<T> {
  signal.throwIfAborted();
  const statement = run();
  let onAbort = (): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    onAbort = () => void end(statement, ending).then(resolve, reject);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([statement, ended.then(() => statement)]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) await ended.catch(ending.giveUp);
  }
}

/** @throws when the statement has not ended in time. */
async function end(statement: Promise<unknown>, { cancel }: Ending): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, CANCEL_TIMEOUT_MS);
  });
  try {
    await Promise.race([Promise.all([cancel(), Promise.allSettled([statement])]), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is aborted as soon as one of the two is. */
export function eitherSignal(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one && other && one !== other ? AbortSignal.any([one, other]) : (one ?? other);
}
