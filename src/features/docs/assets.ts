import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The two files of Swagger UI that the page loads. */
export type DocsAsset = 'swagger-ui-bundle.js' | 'swagger-ui.css';

const BUILT = fileURLToPath(new URL('./assets/', import.meta.url));

/** Where Swagger UI lies: beside the built code, else (from the sources) in its package. */
function findDocsAssets(): string {
  if (existsSync(join(BUILT, 'swagger-ui-bundle.js'))) return BUILT;
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}

/** Reads each file once, on first use. */
export class DocsAssets {
  readonly #folder: () => string;
  readonly #files = new Map<DocsAsset, Promise<Buffer>>();

  constructor(folder: () => string = findDocsAssets) {
    this.#folder = folder;
  }

  read(name: DocsAsset): Promise<Buffer> {
    let file = this.#files.get(name);
    if (!file) {
      file = readFile(join(this.#folder(), name));
      file.catch(() => this.#files.delete(name));
      this.#files.set(name, file);
    }
    return file;
  }
}
