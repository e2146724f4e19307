import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCS = join(ROOT, 'docs');

/** ```` ```ts ```` is compiled and run, ```` ```ts compiled ```` is compiled only. */
const BLOCK = /^```ts( compiled)?\n([\s\S]*?)^```$/gm;

/** `expression; // → value` */
const ANSWER = /^(\s*)(?:const (\w+) = )?(.+?);\s*\/\/ → (.+)$/;
/** `expression; // ✗ ErrorName` */
const REFUSAL = /^(\s*)(.+?);\s*\/\/ ✗ (\w+).*$/;

/** Every page that has code, as a path below docs/. */
export function pagesWithCode(): string[] {
  return readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && blocksOf(file).length > 0)
    .sort();
}

interface Block {
  readonly code: string;
  readonly runs: boolean;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(DOCS, page), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, compiled, code = '']) => ({ code, runs: compiled === undefined }));
}

/** What the compiler checks: the page from top to bottom as one module; code that does not run is in a block of its own. */
export function compiledProgram(page: string): string {
  const blocks = blocksOf(page).map(({ code, runs }, index) => (runs ? code : detached(code, index)));
  return `${blocks.join('\n')}\nexport {};\n`;
}

/** Imports have to stand at the top of a module, everything else goes into a function that nobody calls. */
function detached(code: string, index: number): string {
  const imports = code.split('\n').filter((line) => line.startsWith('import '));
  const rest = code.split('\n').filter((line) => !line.startsWith('import '));
  return `${imports.join('\n')}\nexport async function compiled${index}() {\n${rest.join('\n')}\n}`;
}

/** What is run: the page from top to bottom, its promised answers and refusals checked. */
export function runnableProgram(page: string): string {
  const blocks = blocksOf(page).filter(({ runs }) => runs);
  const lines = blocks.flatMap(({ code }) => code.split('\n')).map(checked);
  return `import { answers, refuses } from 'docs:promises';\n${lines.join('\n')}\n`;
}

function checked(line: string): string {
  const refusal = REFUSAL.exec(line);
  if (refusal) return `${refusal[1]}await refuses(async () => ${refusal[2]?.replace(/^await /, '')}, '${refusal[3]}');`;
  const answer = ANSWER.exec(line);
  if (!answer) return line;
  const [, indent, name, expression, value] = answer;
  const text = JSON.stringify(line.trim());
  if (name) return `${indent}const ${name} = ${expression}; answers(${name}, ${value}, ${text});`;
  return `${indent}answers(${expression}, ${value}, ${text});`;
}
