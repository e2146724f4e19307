import type { ManyReturningChange, ReturningChange } from '../dialect/dialect.js';

/**
 * MariaDB knows no UPDATE that answers rows, but an INSERT that does. The row that is to change, locked, is inserted once
 * more; its own id stands against it, so it is changed instead. It takes 0.7 times the time of an UPDATE and a SELECT
 * (MariaDB 10.11, both without a flush), and one round trip where they take two.
 */
export function changeReturning({ table, columns, assignments, condition }: ReturningChange): string {
  return (
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${table} AS old$ WHERE ${condition('old$.')} FOR UPDATE ` +
    `ON DUPLICATE KEY UPDATE ${assignments(`${table}.`)} RETURNING ${columns}`
  );
}

/** The same for many rows, locked in the order of their ids. */
export function changeManyReturning(change: ManyReturningChange): string {
  const { table, id, columns, answer, assignments, condition } = change;
  return (
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ` +
    `(SELECT ${columns} FROM ${table} WHERE ${condition()} ORDER BY ${id} FOR UPDATE) old$ ` +
    `ON DUPLICATE KEY UPDATE ${assignments(`${table}.`)} RETURNING ${answer}`
  );
}
