const PREFIX = '_restore_';

/** Tables that a restore makes for itself and removes again. */
export function isRestoreTable(name: string): boolean {
  return name.startsWith(PREFIX);
}

export function restoreTableName(what: string): string {
  return `${PREFIX}${what}`;
}
