import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlantedCopy } from './planted-copy.js';

/** A small house that keeps every rule. */
const CLEAN = {
  'src/index.ts': "export { connect } from './orm/index.js';\n",
  'src/orm/index.ts': "export { connect } from './session/database.js';\n",
  'src/orm/session/database.ts': "export function connect(): string {\n  return 'connected';\n}\n",
};

const FAULTS = {
  'src/orm/index.ts': "export { connect } from './session/database.js';\nexport { serve } from './serve.js';\n",
  'src/orm/serve.ts': "import Koa from 'koa';\n\nexport function serve(): unknown {\n  return new Koa();\n}\n",
  'src/base/even.ts':
    "import { isOdd } from './odd.js';\n\nexport function isEven(n: number): boolean {\n  return n === 0 || isOdd(n - 1);\n}\n",
  'src/base/odd.ts':
    "import { isEven } from './even.js';\n\nexport function isOdd(n: number): boolean {\n  return n !== 0 && isEven(n - 1);\n}\n",
  'src/orm/session/database.ts':
    "import { isEven } from '../../base/even.js';\n\nexport function connect(): string {\n  return isEven(2) ? 'connected' : 'never';\n}\n\nexport function nobodyCallsMe(): void {}\n",
  'src/base/too-long.ts': Array.from({ length: 400 }, (_, line) => `export const line${line} = ${line};\n`).join(''),
};

describe('npm run lint', () => {
  let copy: PlantedCopy;
  beforeAll(() => {
    copy = new PlantedCopy();
  });
  afterAll(() => copy.remove());

  it('names a planted orm → koa import, a cycle, a dead export and an overlong file, and fails', {
    timeout: 60_000,
  }, () => {
    copy.plant({ ...CLEAN, ...FAULTS });
    const { code, output } = copy.lint();
    expect(code).toBe(1);
    expect(output).toMatch(/orm-packages: src\/orm\/serve\.ts → .*koa/);
    expect(output).toMatch(/no-cycle: src\/base\/(even|odd)\.ts/);
    expect(output).toMatch(/nobodyCallsMe .*src\/orm\/session\/database\.ts/);
    expect(output).toContain('src/base/too-long.ts has 400 lines');
    expect(output).toContain(
      '✗ Format and lint (biome), Floor plan (dependency-cruiser), Dead code (knip), File lengths',
    );
  });
});
