import { describe, expect, it } from 'vitest';

/** Its source is checked against a browser's types, by a project of its own. */
const BROWSER: string = 'app-kernel/browser';

const SUBPATHS = {
  'app-kernel': () => import('app-kernel'),
  'app-kernel/orm': () => import('app-kernel/orm'),
  'app-kernel/jobs': () => import('app-kernel/jobs'),
  'app-kernel/testing': () => import('app-kernel/testing'),
  'app-kernel/browser': () => import(BROWSER),
};

/** A name that appears or vanishes is a change that users see; accept one on purpose with `npx vitest run test/repository -u`. */
describe('the public names', { timeout: 60_000 }, () => {
  for (const [subpath, load] of Object.entries(SUBPATHS)) {
    it(`of ${subpath} are the ones on record`, async () => {
      const names = Object.keys(await load()).sort();
      await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`./surface/${subpath.replace('/', '-')}.txt`);
    });
  }
});
