import { isSecretParameter, maskedValue, printableText } from '../../telemetry/index.js';
import type { QueryParams } from './entities.js';

const MAX_PARAMS = 50;
const MAX_NAME = 64;
const MAX_VALUE = 200;

/**
 * The parameters of a query as they may be kept: of a secret its last four characters are shown, of a short one nothing.
 * Names and values are bounded and hold no control characters. `null` where there are none.
 * @param sensitive further parts of names that mark a secret
 */
export function maskQuery(query: string, sensitive: readonly string[] = []): QueryParams | null {
  if (query === '') return null;
  const masked = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const label = printableText(name.slice(0, MAX_NAME), true);
    const known = masked.get(label);
    if (!known && masked.size >= MAX_PARAMS) break;
    if (known && known.length >= MAX_PARAMS) continue;
    const shown = isSecretParameter(name, sensitive)
      ? maskedValue(value)
      : printableText(value.slice(0, MAX_VALUE), true);
    masked.set(label, known ? [...known, shown] : [shown]);
  }
  if (masked.size === 0) return null;
  return Object.fromEntries(
    [...masked].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  ) as QueryParams;
}
