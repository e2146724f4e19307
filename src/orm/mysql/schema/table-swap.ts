import type { TableSwap } from '../../dialect/table-swap.js';
import type { Flavor } from '../flavor.js';
import { quote, step } from '../quote.js';
import { UNLOCK_TABLES } from './triggers.js';

const AWAITED = `SELECT COUNT(*) FROM information_schema.processlist
  WHERE db = DATABASE() AND info LIKE 'RENAME TABLE%' AND state LIKE 'Waiting for%lock%'`;

const tablesSql = (amount: number): string =>
  `SELECT COUNT(*) FROM information_schema.tables
  WHERE table_schema = DATABASE() AND table_name IN (${Array.from({ length: amount }, () => '?').join(', ')})`;

const lockSql = (tables: readonly string[], kind: string): string =>
  `LOCK TABLES ${tables.map((table) => `${quote(table)} ${kind}`).join(', ')}`;

/** RENAME TABLE is atomic for all the tables that it names. */
export function tableSwap(flavor: Flavor): TableSwap {
  return {
    hold: async (connection, tables) => {
      if (tables.length > 0) await connection.run(lockSql(tables, 'READ'), []);
    },
    release: async (connection) => {
      await connection.run(UNLOCK_TABLES, []);
    },
    hasAny: async (connection, tables) => Number((await connection.all(tablesSql(tables.length), tables))[0]?.[0]) > 0,
    isAwaited: async (connection) => Number((await connection.all(AWAITED, []))[0]?.[0]) > 0,
    content: ({ name, columns }) => {
      // CHECKSUM TABLE answers otherwise for a table that was merely renamed
      const sums = columns.map((column, at) => `IFNULL(CRC32(${quote(column.name)}), ${at}) * ${2 * at + 1}`);
      return `SELECT COUNT(*), SUM(${sums.join(' + ')}) FROM ${quote(name)}`;
    },
    rename: (renames) =>
      step(
        `RENAME TABLE ${renames.map(({ from, to }) => `${quote(from)} TO ${quote(to)}`).join(', ')}`,
        'put the restored tables in place',
      ),
    alone: (tables, steps) => [
      step(lockSql(tables, 'WRITE'), `hold off everyone from ${tables.join(', ')}`),
      ...steps,
      step(UNLOCK_TABLES, `let everyone go on with ${tables.join(', ')}`),
    ],
    sharesCheckNames: flavor.name === 'mysql',
  };
}
