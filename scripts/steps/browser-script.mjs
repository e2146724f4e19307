import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = 'src/browser/action-log.ts';
const SCRIPT = 'dist/browser/action-log.min.js';

/**
 * Writes the action log as one script for pages without a bundler: no comments, no indentation, no import, one global
 * name. The source has no line break inside a string, so that lines can be trimmed.
 */
export async function writeBrowserScript(root) {
  const { default: ts } = await import('typescript'); // may not be installed yet when this module is loaded
  const { outputText } = ts.transpileModule(readFileSync(join(root, SOURCE), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, removeComments: true },
  });
  const lines = outputText.split('\n').map((line) => line.trim().replace(/^export /, ''));
  const code = lines.filter(Boolean).join('\n');
  writeFileSync(join(root, SCRIPT), `(() => {\n"use strict";\n${code}\nwindow.actionLog = actionLog;\n})();\n`);
}
