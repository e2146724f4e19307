import type { TableShape } from './shape.js';

/** The columns that a change of a table takes away. */
export function droppedColumns(current: TableShape, target: TableShape): string[] {
  const kept = new Set(target.columns.map(({ name }) => name));
  return current.columns.map(({ name }) => name).filter((name) => !kept.has(name));
}

/** Whether SQL may speak of one of the columns. */
export function mentionsAny(sql: string, columns: readonly string[]): boolean {
  return columns.some((name) => new RegExp(`(?<![\\w$])${escaped(name)}(?![\\w$])`, 'i').test(sql));
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
