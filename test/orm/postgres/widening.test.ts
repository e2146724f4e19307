import { expect, it } from 'vitest';
import { widens } from '../../../src/orm/postgres/schema/widening.js';

const SAFE: Array<[from: string, to: string]> = [
  ['character varying(20) COLLATE "C"', 'character varying(21) COLLATE "C"'],
  ['character varying(20)', 'character varying(20) COLLATE "C"'],
  ['character varying(20) COLLATE "C"', 'text COLLATE "C"'],
  ['integer', 'bigint'],
  ['real', 'double precision'],
  ['numeric(12,2)', 'numeric(14,4)'],
];
const LOSSY: Array<[from: string, to: string]> = [
  ['character varying(20) COLLATE "C"', 'character varying(19) COLLATE "C"'],
  ['text COLLATE "C"', 'character varying(255) COLLATE "C"'],
  ['bigint', 'integer'],
  ['bigint', 'double precision'],
  ['numeric(12,2)', 'numeric(12,4)'],
  ['numeric(12,4)', 'numeric(14,2)'],
  ['character varying(20) COLLATE "C"', 'bigint'],
];

it('calls a change of type safe only where no value can be lost', () => {
  for (const [from, to] of SAFE) expect([from, to, widens(from, to)]).toEqual([from, to, true]);
  for (const [from, to] of LOSSY) expect([from, to, widens(from, to)]).toEqual([from, to, false]);
});
