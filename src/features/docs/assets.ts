import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../base/package-root.js';

/** The two files of Swagger UI that the page loads. */
export type DocsAsset = 'swagger-ui-bundle.js' | 'swagger-ui.css';

const BUILT = 'dist/features/docs/assets';

/** Where Swagger UI lies: in this package, else (where that was not built) in its own. */
function findDocsAssets(): string {
  const built = join(packageRoot(), BUILT);
  if (existsSync(join(built, 'swagger-ui-bundle.js'))) return built;
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
