import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { randomToken, uuidv7 } from '../../base/ids.js';

/**
 * The JWT secret of a service that was given none, outside production: random, so that nobody knows it, and kept in
 * `<dataDir>/development-secret`, so that sign-ins survive a restart.
 */
export function developmentSecret(dataDir: string): string {
  const file = join(dataDir, 'development-secret');
  try {
    return readFileSync(file, 'utf8');
  } catch {
    mkdirSync(resolve(dataDir), { recursive: true });
  }
  const draft = `${file}.${uuidv7()}`;
  writeFileSync(draft, randomToken(), { mode: 0o600 });
  try {
    linkSync(draft, file); // whole or not at all; of two processes the first one wins
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8');
}
