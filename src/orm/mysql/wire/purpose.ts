const READS = /^\s*(?:select|show|explain|describe|desc|values|with)\b/i;
const WRITES_OR_LOCKS =
  /\bfor\s+update\b|\block\s+in\s+share\b|\bfor\s+share\b|\binto\s+(?:outfile|dumpfile)\b|\b(?:insert|update|delete|replace)\b/i;

/** Whether a hand-written statement surely changes nothing, so that it may run outside a transaction. */
export function purposeOf(sql: string): 'read' | 'write' {
  return READS.test(sql) && !WRITES_OR_LOCKS.test(sql) ? 'read' : 'write';
}
