import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readVitestReport, sumTallies, tallyLine } from '../../scripts/steps/tally.mjs';

describe('the closing line of a test run', () => {
  let folder: string;
  const report = (counts: object) => {
    const file = join(folder, 'report.json');
    writeFileSync(file, JSON.stringify(counts));
    return file;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'app-kernel-tally-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('counts what vitest reports', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 });
    expect(tallyLine(readVitestReport(file, 1))).toBe('7 passed, 2 failed, 2 skipped');
  });

  it('counts a failure when a file could not be loaded though no test failed', () => {
    const file = report({ numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 });
    expect(readVitestReport(file, 1)).toEqual({ passed: 7, failed: 1, skipped: 0, failures: [] });
  });

  it('counts a failure when no test ran', () => {
    const file = report({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 3, numTodoTests: 0 });
    expect(readVitestReport(file, 0)).toEqual({ passed: 0, failed: 1, skipped: 3, failures: [] });
  });

  it('counts a failure when vitest died before it could report', () => {
    expect(readVitestReport(join(folder, 'missing.json'), 137)).toEqual({
      ...{ passed: 0, failed: 1, skipped: 0 },
      failures: [],
    });
  });

  it('names what failed and why, also a file that could not be loaded', () => {
    const failed = { status: 'failed', fullName: 'counts to two', failureMessages: ['expected 1 to be 2'] };
    const passed = { status: 'passed', fullName: 'counts to one' };
    const file = report({
      testResults: [
        { name: 'count.test.ts', message: '', assertionResults: [passed, failed] },
        { name: 'broken.test.ts', message: 'SyntaxError', assertionResults: [] },
      ],
    });
    expect(readVitestReport(file, 1).failures).toEqual([
      'count.test.ts > counts to two\n    expected 1 to be 2',
      'broken.test.ts\n    SyntaxError',
    ]);
  });

  it('sums several runs', () => {
    const file = join(folder, 'tallies');
    writeFileSync(file, '{"passed":3,"failed":0,"skipped":1}\n{"passed":4,"failed":1,"skipped":0,"failures":["a"]}\n');
    expect(tallyLine(sumTallies(file))).toBe('7 passed, 1 failed, 1 skipped');
    expect(sumTallies(file).failures).toEqual(['a']);
  });
});
