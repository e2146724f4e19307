import { expect, it } from 'vitest';
import { ValidationError } from '../../../src/base/errors.js';
import { placeholders } from '../../../src/orm/sql/read/fragment.js';
import { renderTokens, tokenize, tokenizeCondition } from '../../../src/orm/sql/tokenizer.js';

const render = (sql: string): [string, number] => {
  const rendered = renderTokens(
    tokenize(sql),
    (name) => `<${name}>`,
    placeholders({ placeholder: (position) => `$${position}` }),
  );
  return [rendered.sql, rendered.parameters];
};

it('numbers parameters and quotes [identifiers]', () => {
  expect(render('[a] = ? AND b = ?')).toEqual(['<a> = $1 AND b = $2', 2]);
});

it('leaves literals, quoted names and comments as they are', () => {
  for (const sql of [`'it''s ? [x]'`, `"a ? [x]"`, '`a ? [x]`', '-- ? [x]', '/* ? [x] */'])
    expect(render(sql)).toEqual([sql, 0]);
});

it('takes ?? and [[ ]] for the plain characters', () => {
  expect(render('a ?? b [[1]]')).toEqual(['a ? b [1]', 0]);
});

it('leaves brackets alone that hold no identifier', () => {
  expect(render('a[1] = ?')).toEqual(['a[1] = $1', 1]);
});

const NOTHING = /(?!)/;
const condition = (sql: string, misleading = NOTHING): string =>
  renderTokens(
    tokenizeCondition(sql, misleading),
    (name) => name,
    () => '?',
  ).sql;

it('lets no condition leave its place in the statement', () => {
  for (const sql of [
    'a = 1 /*! OR 1 = 1 */',
    'a = 1 /*M! OR 1 = 1 */',
    'a = 1; DROP',
    'a) OR (b',
    "a = 1 OR ' (b)",
    'a = 1 /* (b)',
    'a = 1 --1) OR (1 = 1',
    'a = 1\0',
  ])
    expect(() => condition(sql), sql).toThrow(ValidationError);
});

it('leaves comments out of a condition, for engines do not agree on where they end', () => {
  expect(condition('a = 1 /* all of them */')).toBe('a = 1  ');
  expect(condition('a = 1 -- (\n AND b = 2')).toBe('a = 1  \n AND b = 2');
  expect(condition('a = 1 /* /* */ ( */ ) OR (b = 1 /* /* */ ) */')).not.toContain('/*');
});

it('refuses in a condition what an engine reads otherwise, but not inside of quotes', () => {
  expect(() => condition('a = 1 # (', /#/)).toThrow(ValidationError);
  expect(() => condition("a = E'x'", /\be'/i)).toThrow(ValidationError);
  expect(() => condition('a = [[x (]]', /[[\]]/)).toThrow(ValidationError);
  expect(condition("a = '# (' AND b = 'e'", /#|\be'/i)).toBe("a = '# (' AND b = 'e'");
});
