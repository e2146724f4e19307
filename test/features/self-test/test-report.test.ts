import { TaskCancelled, TestReport } from 'app-kernel';
import { FakeClock } from 'app-kernel/testing';
import { describe, expect, it } from 'vitest';
import { runnerSlug } from '../../../src/features/self-test/index.js';

describe('a report of self-tests', () => {
  it('has the shape of the wire', () => {
    const clock = new FakeClock();
    const report = new TestReport({ clock });
    clock.advance(1_500);
    report.addResult('create_widget', true);
    clock.advance(2_000);
    report.addResult('delete_widget', false, { error: 'it is still there', id: 'w1' });
    report.addResult('list_widgets', true, { duration: 0.25 });
    report.addSkip('send_mail', 'no mail server');
    clock.advance(500);
    report.addError('rename_widget', new Error('HTTP 500'));

    const timestamp = '2026-01-01T00:00:03.500Z';
    expect(JSON.parse(JSON.stringify(report.toDict()))).toEqual({
      summary: {
        total_tests: 5,
        passed: 2,
        failed: 2,
        skipped: 1,
        success_rate: '50.0%',
        total_duration: '4.00s',
        failed_tests: [
          { test: 'delete_widget', error: 'it is still there' },
          { test: 'rename_widget', error: 'HTTP 500' },
        ],
      },
      results: [
        { test: 'create_widget', success: true, duration: 1.5, details: {}, timestamp: '2026-01-01T00:00:01.500Z' },
        {
          test: 'delete_widget',
          success: false,
          duration: 2,
          details: { error: 'it is still there', id: 'w1' },
          timestamp,
        },
        { test: 'list_widgets', success: true, duration: 0.25, details: {}, timestamp },
        {
          test: 'send_mail',
          success: null,
          skipped: true,
          duration: 0,
          details: { reason: 'no mail server' },
          timestamp,
        },
        {
          test: 'rename_widget',
          success: false,
          duration: 0.5,
          details: { error: 'HTTP 500' },
          timestamp: '2026-01-01T00:00:04.000Z',
        },
      ],
      errors: [{ test: 'rename_widget', error: 'HTTP 500', timestamp: '2026-01-01T00:00:04.000Z' }],
    });
    expect(report.summaryLine()).toBe(
      'Tests: 5 | Passed: 2 | Failed: 2 | Skipped: 1 | Rate: 50.0% | Duration: 4.00s' +
        '\n  ✗ delete_widget: it is still there\n  ✗ rename_widget: HTTP 500',
    );
  });

  it('is good where tests were run and none failed', () => {
    const report = new TestReport();
    expect([report.allPassed, report.toDict().summary.success_rate]).toEqual([false, '0.0%']);
    report.addSkip('a', 'not here');
    expect(report.allPassed).toBe(false);
    report.addResult('b', true);
    expect(report.allPassed).toBe(true);
    report.addResult('c', false);
    expect(report.allPassed).toBe(false);
  });

  it('runs tests, which fail by throwing and by answering false; a cancellation is no failure', async () => {
    const clock = new FakeClock();
    const report = new TestReport({ clock });
    clock.advance(9_000);
    const passed = [
      await report.run('silent', () => clock.advance(100)),
      await report.run('false', async () => false),
      await report.run('throws', () => Promise.reject(new Error('no'))),
    ];
    expect(passed).toEqual([true, false, false]);
    expect(report.results.map(({ test, duration }) => [test, duration])).toEqual([
      ['silent', 0.1],
      ['false', 0],
      ['throws', 0],
    ]);
    await expect(report.run('cancelled', () => Promise.reject(new TaskCancelled('t')))).rejects.toThrow(TaskCancelled);
    expect(report.results).toHaveLength(3);
  });
});

describe('the route of a runner', () => {
  it.each([
    ['runFunctionalTests', 'functional-tests'],
    ['run_functional_tests', 'functional-tests'],
    ['smoke', 'smoke'],
    ['runner', 'runner'],
    ['checkS3Upload', 'check-s3-upload'],
    ['', ''],
  ])('is named for its function: %s', (name, slug) => expect(runnerSlug(name)).toBe(slug));
});
