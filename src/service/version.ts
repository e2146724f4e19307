import { createRequire } from 'node:module';

const { version: packageVersion } = createRequire(import.meta.url)('app-kernel/package.json') as { version: string };

/** The version of this package. */
export const version: string = packageVersion;
