/** `runFunctionalTests` and `run_functional_tests` are `functional-tests`; '' for what has no name. */
export function runnerSlug(name: string): string {
  return name
    .replace(/^run(_|(?=[A-Z]))/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}
