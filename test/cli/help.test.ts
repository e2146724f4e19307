import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';

const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
const commands = createProgram(terminal).commands.flatMap((command) => [command, ...command.commands]);

describe('the help of', () => {
  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s describes everything',
    (_name, command) => {
      expect(command.description()).not.toBe('');
      for (const argument of command.registeredArguments) expect(argument.description, argument.name()).not.toBe('');
      for (const option of command.options) expect(option.description, option.flags).not.toBe('');
    },
  );
});
