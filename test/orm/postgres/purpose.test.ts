import { expect, it } from 'vitest';
import { purposeOf } from '../../../src/orm/postgres/wire/purpose.js';

const READS = [
  'SELECT * FROM products WHERE id = $1',
  '  select count(*), max(lower(name)) from products group by (status)',
  'VALUES (1), (2)',
  'SHOW server_version',
  'SELECT a FROM t WHERE b IN (SELECT c FROM d)',
];
const WRITES = [
  'UPDATE products SET price = 1',
  'WITH gone AS (DELETE FROM products RETURNING id) SELECT * FROM gone',
  "SELECT nextval('numbers')",
  'SELECT pg_advisory_lock(1)',
  'SELECT "nextval" (\'numbers\')',
  'SELECT * INTO copy FROM products',
  'CALL tidy()',
  'EXPLAIN ANALYZE DELETE FROM products',
];

it('takes for a read only what surely changes nothing', () => {
  for (const sql of READS) expect([sql, purposeOf(sql)]).toEqual([sql, 'read']);
  for (const sql of WRITES) expect([sql, purposeOf(sql)]).toEqual([sql, 'write']);
});
