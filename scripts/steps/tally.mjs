import { appendFileSync, readFileSync } from 'node:fs';

/** Counts of test cases and what failed: `{ passed, failed, skipped, failures: [text] }`. */
export function readVitestReport(file, exitCode) {
  const report = readJson(file);
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const failed = report?.numFailedTests ?? 0;
  // A file that cannot even be loaded, a crashed worker or an empty run fails without a failed test.
  const failedWithoutTest = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: failedWithoutTest ? 1 : failed, skipped, failures: failuresOf(report) };
}

/** `file > test`, each with the first lines of why: a long log is often cut where the tests failed. */
function failuresOf(report) {
  return (report?.testResults ?? []).flatMap(({ name, message, assertionResults = [] }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return message ? [describe(name, message)] : [];
    return failed.map((test) => describe(`${name} > ${test.fullName}`, test.failureMessages?.join('\n') ?? ''));
  });
}

function describe(title, reason) {
  return [title, ...reason.split('\n').slice(0, 4)].join('\n    ');
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Keeps a run's counts for a sum over several runs, where `TEST_TALLY_FILE` asks for it. */
export function keepTally(tally) {
  const file = process.env.TEST_TALLY_FILE;
  if (file) appendFileSync(file, `${JSON.stringify(tally)}\n`);
}

export function sumTallies(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { failures = [], ...counts } of lines.map((line) => JSON.parse(line))) {
    for (const count of Object.keys(counts)) sum[count] += counts[count];
    sum.failures.push(...failures);
  }
  return sum;
}

export function tallyLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
