import { KernelError } from '../../base/errors.js';

/** Characters that would let a value end its place in a key, or widen a pattern. */
const UNSAFE = /[\s:%*?[\]{}\\~]|\p{C}/gu;

/**
 * `value` as one part of a key: whatever it holds, it cannot forge another part (`a:b`) nor match more than itself in a
 * pattern (`*`). Plain ids stay as they are.
 */
export function cacheKeyPart(value: string | number | bigint | boolean | Date): string {
  const text = value instanceof Date ? value.toISOString() : String(value);
  return text.replace(UNSAFE, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
}

/**
 * Fills `{name}` places of `template` from `values`.
 * @throws KernelError E_CACHE_KEY when a value is missing or is no plain value.
 */
export function fillKeyTemplate(template: string, values: unknown): string {
  return template.replace(/\{(\w+)\}/g, (_place, name: string) => {
    const value: unknown = isRecord(values) && Object.hasOwn(values, name) ? values[name] : undefined;
    if (isPlain(value)) return cacheKeyPart(value);
    const found = value === undefined ? 'is missing' : 'is not a plain value';
    throw new KernelError(
      'E_CACHE_KEY',
      `"${name}" of cache key "${template}" ${found}; pass an object with it as the first argument, or give key as a function`,
    );
  });
}

function isRecord(values: unknown): values is Record<string, unknown> {
  return typeof values === 'object' && values !== null;
}

function isPlain(value: unknown): value is string | number | bigint | boolean | Date {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) || value instanceof Date;
}
