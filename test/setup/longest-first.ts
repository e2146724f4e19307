import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take half a minute or more, the longest first. One that begins last has a worker for itself at the end. */
const LONG = [
  'service/redis-away',
  'orm/schema/killed-migrators',
  'orm/postgres/engine',
  'service/settings/kernel-settings',
  'acceptance/audit-verify-command',
  'acceptance/start-command',
  'service/tarpits',
  'acceptance/deploy-example',
].map((name) => `/test/${name}.test.ts`);

/** A fresh clone knows no durations, and vitest goes by the files' sizes, which say little. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const long = LONG.flatMap((name) => others.filter(({ moduleId }) => moduleId.endsWith(name)));
    return [...long, ...others.filter((file) => !long.includes(file))];
  }
}
