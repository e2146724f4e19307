import type { Flavor } from '../flavor.js';
import { literal } from '../quote.js';
import { unescaped } from './column-defaults.js';

const QUOTED = /"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^'\\]|''|\\[\s\S])*'/g;

/**
 * An expression as the dialect writes it. The server shows its literals with backslashes whatever the session says about
 * them, and MySQL puts one before each quote as well.
 */
export function plainExpression(flavor: Flavor, shown: string): string {
  const sql = flavor.name === 'mysql' ? shown.replace(/\\(['\\])/g, '$1') : shown;
  return sql.replace(QUOTED, (found) => (found.startsWith("'") ? literal(unescaped(found.slice(1, -1))) : found));
}
