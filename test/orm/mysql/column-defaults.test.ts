import { expect, it } from 'vitest';
import { flavorOf } from '../../../src/orm/mysql/flavor.js';
import { literal } from '../../../src/orm/mysql/quote.js';
import { canonicalDefault } from '../../../src/orm/mysql/schema/column-defaults.js';

const mariadb = flavorOf('10.11.19-MariaDB-0+deb12u1');
const mysql = flavorOf('8.0.36');

it('reads the defaults that MariaDB shows as the literals that were written', () => {
  const text = `it's "a" \\ and\na line`;
  const shown = `'it\\'s "a" \\\\ and\\na line'`;
  expect(canonicalDefault(mariadb, 'longtext', shown, '')).toBe(literal(text));
  expect(canonicalDefault(mariadb, 'varchar(20)', "'it''s'", '')).toBe("'it''s'");
  expect(canonicalDefault(mariadb, 'varchar(20)', 'NULL', '')).toBeUndefined();
  expect(canonicalDefault(mariadb, 'varchar(20)', "'NULL'", '')).toBe("'NULL'");
  expect(canonicalDefault(mariadb, 'decimal(12,2)', '-1.50', '')).toBe("'-1.50'");
  expect(canonicalDefault(mariadb, 'double', '1e300', '')).toBe(String(1e300));
  expect(canonicalDefault(mariadb, 'longblob', "X'00FF'", '')).toBe("x'00ff'");
});

it('reads the bare values that MySQL shows, and its expressions', () => {
  expect(canonicalDefault(mysql, 'varchar(20)', 'NULL', '')).toBe("'NULL'");
  expect(canonicalDefault(mysql, 'varchar(20)', "it's", '')).toBe("'it''s'");
  expect(canonicalDefault(mysql, 'varchar(20)', null, '')).toBeUndefined();
  expect(canonicalDefault(mysql, 'longtext', "_utf8mb4\\'x\\'", 'DEFAULT_GENERATED')).toBe("'x'");
  expect(canonicalDefault(mysql, 'longblob', '0x00ff', 'DEFAULT_GENERATED')).toBe("x'00ff'");
  expect(canonicalDefault(mysql, 'bigint', '-5', '')).toBe('-5');
});

it('tells the server apart by its version and refuses one that is too old', () => {
  expect([mariadb.collation, mysql.collation]).toEqual(['utf8mb4_nopad_bin', 'utf8mb4_0900_bin']);
  expect(flavorOf('5.5.5-10.6.17-MariaDB').snapshotConflicts).toBe(false);
  expect(flavorOf('10.6.18-MariaDB').snapshotConflicts).toBe(true);
  expect(flavorOf('11.4.2-MariaDB').snapshotConflicts).toBe(true);
  for (const version of ['10.5.8-MariaDB', '5.7.44', '8.0.22']) {
    expect(() => flavorOf(version)).toThrow(/MariaDB 10\.6 or MySQL 8\.0\.23/);
  }
});
