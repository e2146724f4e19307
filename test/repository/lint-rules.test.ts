import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlantedCopy } from './planted-copy.js';

/** `[rule, file, text]`, each a fault that only its rule is about. */
const FAULTS: ReadonlyArray<readonly [rule: string, path: string, text: string]> = [
  ['noDefaultExport', 'src/base/chosen.ts', 'export default 1;\n'],
  ['noFloatingPromises', 'src/base/floating.ts', 'export async function work(): Promise<void> {}\n\nwork();\n'],
  [
    'noMisusedPromises',
    'src/base/misused.ts',
    'export async function is(): Promise<boolean> {\n  return true;\n}\n\nexport const a = is() ? 1 : 2;\n',
  ],
  [
    'noImportCycles',
    'src/base/even.ts',
    "import { odd } from './odd.js';\n\nexport const even = (): unknown => odd;\n",
  ],
  [
    'noImportCycles',
    'src/base/odd.ts',
    "import { even } from './even.js';\n\nexport const odd = (): unknown => even;\n",
  ],
  ['noProcessEnv', 'src/http/port.ts', 'export const port = (): unknown => process.env.PORT;\n'],
  ['noExplicitAny', 'src/base/vague.ts', 'export const vague = (value: any): unknown => value;\n'],
  ['noNonNullAssertion', 'src/base/sure.ts', 'export const sure = (value?: string): string => value!;\n'],
  ['noConsole', 'src/base/loud.ts', "export const loud = (): void => console.log('hello');\n"],
  ['useFilenamingConvention', 'src/base/camelCase.ts', 'export const one = 1;\n'],
  [
    'noExcessiveLinesPerFile',
    'src/base/long.ts',
    Array.from({ length: 351 }, (_, i) => `export const a${i} = ${i};\n`).join(''),
  ],
  ['noTsIgnore', 'src/base/ignoring.ts', '// @ts-ignore\nexport const one = 1;\n'],
  ['useImportType', 'src/base/typing.ts', "import { Server } from 'node:http';\n\nexport type S = Server;\n"],
  ['format', 'src/base/quotes.ts', 'export const quoted = "twice"\n'],
];

const FAULTLESS = {
  'src/service/env/read-environment.ts': 'export const home = (): unknown => process.env.HOME;\n',
  'vitest.config.ts': 'export default {};\n',
  'test/types/orm.test-d.ts': 'export const port = (): unknown => process.env.PORT;\n',
  'src/orm/product.ts':
    "import { Entity, Field } from './decorators.js';\n\n@Entity({ table: 'products' })\nexport class Product {\n  @Field({ nullable: false }) name!: string;\n\n  constructor(@Field() readonly price: number) {}\n}\n",
};

describe('biome', () => {
  let copy: PlantedCopy;
  const check = () => copy.runTool('@biomejs/biome/bin/biome', ['check', '--max-diagnostics=200', '.']);
  beforeAll(() => {
    copy = new PlantedCopy();
  });
  afterAll(() => copy.remove());

  it('lets decorators pass, and process.env and default exports where they belong', { timeout: 60_000 }, () => {
    copy.plant(FAULTLESS);
    const { code, output } = check();
    expect(code, output).toBe(0);
  });

  it('names every planted fault', { timeout: 60_000 }, () => {
    copy.plant(Object.fromEntries(FAULTS.map(([, path, text]) => [path, text])));
    const { code, output } = check();
    const named = output.split('\n').filter((line) => / (lint\/|format )/.test(line));
    const unnoticed = FAULTS.filter(
      ([rule, path]) => !named.some((line) => line.startsWith(path) && line.includes(rule)),
    );
    expect(unnoticed).toEqual([]);
    expect(code).toBe(1);
  });
});
