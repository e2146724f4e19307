const QUIET_MS = 120_000;

/**
 * A reporter that names the files and tests under way whenever nothing has ended for two minutes: a worker that spins
 * ends no test, so that no time limit of a test can tell of it. Vitest loads a reporter by its default export.
 */
export default class StallReporter {
  #underWay = new Map();
  #timer;

  onTestRunStart() {
    this.#heard();
  }

  onTestModuleStart(module) {
    this.#underWay.set(module.moduleId, undefined);
    this.#heard();
  }

  onTestCaseReady(testCase) {
    this.#underWay.set(testCase.module.moduleId, testCase.fullName);
  }

  onTestCaseResult() {
    this.#heard();
  }

  onTestModuleEnd(module) {
    this.#underWay.delete(module.moduleId);
    this.#heard();
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
  }

  #heard() {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tell(), QUIET_MS);
    this.#timer.unref();
  }

  #tell() {
    const lines = [...this.#underWay].map(([file, name]) => `  ${file}${name ? ` > ${name}` : ''}`);
    console.error(`\nNothing has ended for ${QUIET_MS / 1000} s. Under way:\n${lines.join('\n') || '  no file'}\n`);
  }
}
