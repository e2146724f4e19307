import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type StaticFiles, staticFiles } from '../../http/index.js';

/**
 * The folder `static` in `rootDir`, where there is one: its files below `/static`, and below `/` with the pages of an
 * application.
 */
export function openStaticFiles(rootDir: string | undefined, kernelPrefix: string): StaticFiles[] {
  const folder = rootDir === undefined ? undefined : join(rootDir, 'static');
  if (!folder || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const noPagesBelow = ['/api', '/_kernel', '/static', ...(kernelPrefix === '' ? [] : [kernelPrefix])];
  return [staticFiles(folder, { prefix: '/static', html: false }), staticFiles(folder, { noPagesBelow })];
}
