import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { interfaceMembers } from '../service/setup/declared-names.js';
import { ROOT } from './page-program.js';

const page = (name: string): string => readFileSync(join(ROOT, 'docs/orm', name), 'utf8');
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| (`.+?`)(?=, | \|)/gm)].map(([, cell = '']) => cell.replaceAll('`', ''));

it('docs/orm/errors.md names every error code of the ORM, and no other', () => {
  const sources = readdirSync(join(ROOT, 'src/orm'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'src/orm', file), 'utf8'));
  const base = readFileSync(join(ROOT, 'src/base/errors.ts'), 'utf8');
  const codes = new Set([...[...sources, base].join('\n').matchAll(/'(E_[A-Z_]+)'/g)].map(([, code]) => code));
  const documented = firstCells(page('errors.md')).filter((cell) => cell.startsWith('E_'));
  expect(documented.sort()).toEqual([...codes].sort());
});

it('docs/orm.md names every option of @Entity and @Field, and every verb by table name', () => {
  const text = readFileSync(join(ROOT, 'docs/orm.md'), 'utf8');
  const cells = [...text.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const options = [
    ...interfaceMembers('src/orm/entity/metadata.ts', 'EntityOptions'),
    ...interfaceMembers('src/orm/entity/field-types.ts', 'FieldOptions'),
  ];
  expect(named).toEqual(expect.arrayContaining(options));
  const handle = readFileSync(join(ROOT, 'src/orm/database-handle.ts'), 'utf8');
  const verbs = [...handle.matchAll(/async (\w*Entit(?:y|ies)\w*|entity\w+)\(/g)].map(([, verb = '']) => verb);
  expect(verbs.length).toBeGreaterThan(15);
  for (const verb of verbs) expect(text, verb).toContain(`\`${verb}`);
});

it('docs/orm/connecting.md names every option of connect', () => {
  const options = [
    ...interfaceMembers('src/orm/session/core-options.ts', 'CoreOptions'),
    ...interfaceMembers('src/orm/schema/migrate.ts', 'SchemaOptions'),
    ...interfaceMembers('src/orm/backup/backup-options.ts', 'BackupSettings'),
  ];
  expect(firstCells(page('connecting.md'))).toEqual(expect.arrayContaining(options));
});

it('docs/orm/transactions.md names every option of dbContext', () => {
  const hidden = ['schemaChange', 'patient', 'autocommit'];
  const options = [
    ...interfaceMembers('src/orm/db-context.ts', 'DbContextOptions'),
    ...interfaceMembers('src/orm/session/session.ts', 'UnitOptions').filter((option) => !hidden.includes(option)),
  ];
  expect(firstCells(page('transactions.md'))).toEqual(expect.arrayContaining(options));
});
