import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** The folder of this package, wherever it is installed and in whichever of its files the code that asks has come. */
export function packageRoot(): string {
  return dirname(createRequire(import.meta.url).resolve('app-kernel/package.json'));
}
