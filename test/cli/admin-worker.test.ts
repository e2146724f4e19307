import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.js';

describe('what an admin worker is told to keep', () => {
  it.each([
    ['nope=7', 'there is no kind "nope" here; name one of '],
    ['sessions=7', 'there is no kind "sessions" here; name one of '],
    ['constructor=7', 'there is no kind "constructor" here; name one of '],
    ['traces', 'write kind=days, such as traces=7 or audit=null'],
  ])('%s is refused with what there is', async (pair, reason) => {
    const terminal = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
    expect(await runCli(['admin-worker', '--retention', pair], terminal)).toBe(1);
    const said = String(terminal.errors.read());
    expect(said).toContain(`--retention ${pair}: ${reason}`);
    if (reason.endsWith('one of '))
      expect(said.trim().split('one of ')[1]?.split(', ').sort()).toEqual([
        'audit',
        'requestMetrics',
        'traces',
        'usageDays',
        'usageEvents',
        'usageSummaries',
      ]);
  });
});
