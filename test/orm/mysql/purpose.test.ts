import { expect, it } from 'vitest';
import { purposeOf } from '../../../src/orm/mysql/wire/purpose.js';

const READS = [
  'SELECT * FROM products WHERE id = ?',
  '  select count(*), max(lower(name)) from products where (status = ? or (price > ?)) group by status',
  'WITH few AS (SELECT * FROM products LIMIT 3) SELECT COUNT(*) FROM few',
  'SELECT REPLACE(name, ?, ?), JSON_UNQUOTE(JSON_EXTRACT(about, ?)) FROM products WHERE id IN (?, ?)',
  'SELECT ROW_NUMBER() OVER (PARTITION BY name ORDER BY id) FROM products',
  'SHOW TABLES',
];
const WRITES = [
  'UPDATE products SET price = 1',
  'SELECT * FROM products FOR UPDATE',
  "SELECT * FROM products INTO OUTFILE '/tmp/x'",
  'SELECT next_number()',
  'SELECT `next_number` ()',
  'SELECT NEXTVAL(numbers)',
  'SELECT NEXT VALUE FOR numbers',
  "SELECT GET_LOCK('x', 1)",
  'WITH gone AS (SELECT 1) DELETE FROM products',
  'CALL tidy()',
];

it('takes for a read only what surely changes nothing', () => {
  for (const sql of READS) expect([sql, purposeOf(sql)]).toEqual([sql, 'read']);
  for (const sql of WRITES) expect([sql, purposeOf(sql)]).toEqual([sql, 'write']);
});
