import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { processTerminal } from '../../src/cli/terminal.js';
import { ROOT } from './page-program.js';

const PAGE = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');
const [COMMANDS = '', ...OPTIONS] = PAGE.split('\n## ');
const { commands } = createProgram(processTerminal);
const codeOf = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

it('docs/cli.md names every command, with its arguments', () => {
  const rows = COMMANDS.split('\n').filter((line) => line.startsWith('| `'));
  const named = rows.flatMap((row) => codeOf(row.split(' | ')[0] ?? ''));
  const real = commands.map((command) => {
    const values = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
      return argument.required ? `<${name}>` : `[${name}]`;
    });
    return [command.name(), ...values].join(' ');
  });
  expect(named.sort()).toEqual(real.sort());
});

it('docs/cli.md names every option of every command, and no other', () => {
  const rows = OPTIONS.join('\n')
    .split('\n')
    .filter((line) => line.startsWith('| `--'));
  const named = rows.map((row) => codeOf(row)[0] ?? '');
  const real = commands.flatMap(({ options }) => options.map(({ flags }) => flags.replace('...', '…')));
  expect([...new Set(named)].sort()).toEqual([...new Set(real)].sort());
});
