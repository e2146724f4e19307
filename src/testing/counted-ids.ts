import { createHash } from 'node:crypto';

/**
 * Ids that are the same in every run: UUIDs whose beginning stands for the table and whose end counts its rows,
 * `…-0000-7000-8000-000000000001` being the first.
 */
export function countedIds(): (table: string) => string {
  const tables = new Map<string, { beginning: string; count: number }>();
  return (table) => {
    const entry = tables.get(table) ?? { beginning: beginningOf(table), count: 0 };
    tables.set(table, entry);
    entry.count += 1;
    return `${entry.beginning}-0000-7000-8000-${String(entry.count).padStart(12, '0')}`;
  };
}

/** Another one for each table, so that a test which takes one row's id for another's fails. */
function beginningOf(table: string): string {
  return createHash('sha256').update(table).digest('hex').slice(0, 8);
}
