import type { Flavor } from './flavor.js';

/** What follows a list of values, so that a row whose id exists gets these columns of the list. */
export function overwrite({ namesNewRow }: Flavor, columns: readonly string[]): string {
  const given = (column: string): string => (namesNewRow ? `new$.${column}` : `VALUES(${column})`);
  const sets = columns.map((column) => `${column} = ${given(column)}`).join(', ');
  return `${namesNewRow ? 'AS new$ ' : ''}ON DUPLICATE KEY UPDATE ${sets}`;
}
