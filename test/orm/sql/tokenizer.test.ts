import { expect, it } from 'vitest';
import { ValidationError } from '../../../src/base/errors.js';
import { placeholders } from '../../../src/orm/sql/read/fragment.js';
import { renderTokens, tokenize } from '../../../src/orm/sql/tokenizer.js';

const render = (sql: string): [string, number] => {
  const rendered = renderTokens(
    tokenize(sql, false),
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

it('lets no condition leave its place in the statement', () => {
  for (const sql of ['a = 1 /*! OR 1 = 1 */', 'a = 1 /*M! OR 1 = 1 */', 'a = 1; DROP', 'a) OR (b'])
    expect(() => tokenize(sql, true)).toThrow(ValidationError);
  expect(tokenize('a = 1 /* all of them */', true)).toHaveLength(1);
});
