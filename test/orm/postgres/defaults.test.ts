import { expect, it } from 'vitest';
import { literal, sameDefault } from '../../../src/orm/postgres/schema/defaults.js';

const SAME: Array<[type: string, wanted: string, found: string]> = [
  ['bigint', '5', '5'],
  ['bigint', '-5', "'-5'::integer"],
  ['bigint', '9007199254740993', "'9007199254740993'::bigint"],
  ['double precision', '1e+21', "'1000000000000000000000'::double precision"],
  ['numeric(12,4)', "'1.5000'", '1.5'],
  ['numeric(12,4)', "'-0.2500'", "'-0.25'::numeric"],
  ['boolean', 'true', 'true'],
  ['character varying(10) COLLATE "C"', "'it''s'", "'it''s'::character varying"],
  ['jsonb', `'{"b":[1],"a":null}'`, `'{"a": null, "b": [1]}'::jsonb`],
  ['bytea', "'\\xff00'", "'\\xff00'::bytea"],
  ['timestamp(3) with time zone', "'2026-01-02T03:04:05.600Z'", "'2026-01-02 03:04:05.6+00'::timestamp with time zone"],
];

it('sees through the way the server spells a literal', () => {
  for (const [type, wanted, found] of SAME) expect([wanted, sameDefault(type, wanted, found)]).toEqual([wanted, true]);
});

it('tells different defaults apart', () => {
  expect(sameDefault('bigint', '5', '6')).toBe(false);
  expect(sameDefault('bigint', '5', undefined)).toBe(false);
  expect(sameDefault('bigint', '5', "nextval('numbers'::regclass)")).toBe(false);
  expect(sameDefault('text COLLATE "C"', "'5'", "'5 '::text")).toBe(false);
  expect(sameDefault('numeric(4,2)', "'1.50'", '1.05')).toBe(false);
});

it('quotes values so that they stay values', () => {
  expect(literal("a'; DROP TABLE x; --")).toBe("'a''; DROP TABLE x; --'");
  expect(literal(new Uint8Array([255, 0]))).toBe("'\\xff00'");
  expect([literal(null), literal(true), literal(5n)]).toEqual(['NULL', 'true', '5']);
});
