/** What a check has found. `warning` works today, `fault` does not. */
export interface Finding {
  subject: string;
  level: 'ok' | 'warning' | 'fault';
  message: string;
  /** What to do about it. */
  mend?: string;
}

/** Between two machines; tokens and limits bear as much. */
const MAX_SKEW_MS = 2_000;

export function ok(subject: string, message: string): Finding {
  return { subject, level: 'ok', message };
}

export function warning(subject: string, message: string, mend: string): Finding {
  return { subject, level: 'warning', message, mend };
}

export function fault(subject: string, message: string, mend: string): Finding {
  return { subject, level: 'fault', message, mend };
}

/** How far a server's clock is from ours, as it answered between two of our own readings. */
export async function clockOf(subject: string, ask: () => Promise<number>): Promise<Finding> {
  const before = Date.now();
  const theirs = await ask();
  const after = Date.now();
  const ahead = Math.round(theirs - (before + after) / 2);
  if (Math.abs(ahead) <= MAX_SKEW_MS + (after - before))
    return ok(subject, `its clock differs by ${Math.abs(ahead)} ms`);
  const side = ahead > 0 ? 'ahead' : 'behind';
  const message = `its clock is ${(Math.abs(ahead) / 1_000).toFixed(1)} s ${side}`;
  return warning(subject, message, 'Let both machines keep time by NTP: chrony, or timedatectl set-ntp true');
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why `fetch` failed, in the words of Node's sockets alone: its own may repeat the headers it was given. */
export function networkReasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  if (error.name === 'TimeoutError' || ('code' in error && error.code === 'ETIMEDOUT')) return 'no answer in time';
  const { cause } = error;
  if (!(cause instanceof Error)) return 'the request failed';
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
