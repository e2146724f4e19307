import { SchemaError } from '../../base/errors.js';
import type { Engine, OpenOptions } from '../dialect/dialect.js';

type Loader = () => Promise<{ openEngine(url: string, options: OpenOptions): Promise<Engine> }>;

/** An engine is loaded, and with it its driver package, when a URL of its scheme is opened. */
const ENGINES: Readonly<Record<string, Loader>> = {
  sqlite: () => import('../sqlite/dialect.js'),
  postgresql: () => import('../postgres/dialect.js'),
  postgres: () => import('../postgres/dialect.js'),
  mysql: () => import('../mysql/dialect.js'),
  mariadb: () => import('../mysql/dialect.js'),
};

/** @throws SchemaError for a scheme without an engine. */
export async function openEngine(url: string, options: OpenOptions): Promise<Engine> {
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const load = Object.hasOwn(ENGINES, scheme) ? ENGINES[scheme] : undefined;
  if (!load) {
    const known = Object.keys(ENGINES).map((name) => `${name}:`);
    throw new SchemaError(
      `No engine for "${scheme || 'a URL without a scheme'}"; a database URL starts with ${known.join(', ')}`,
    );
  }
  const engine = await load();
  return engine.openEngine(url, options);
}
