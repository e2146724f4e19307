import { ValidationError } from '../../../base/errors.js';
import { isSecretName, REDACTED, redactText } from '../../../telemetry/redaction.js';

/** Deeper than anything that people read; a document without an end must not keep its change from being recorded. */
const MAX_DEPTH = 32;
/** Longer texts of one value are cut: a record is to be read, the history has the whole of it. */
export const LONGEST_VALUE = 4_000;

/** A document without the values of members that are named like secrets, and without secrets in its texts. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecretName(name) ? REDACTED : withoutSecrets(inner, depth + 1),
    ]),
  );
}

/** What has a `toJSON` of its own, such as a Date, is what that says. */
function asJson(metadata: object): unknown {
  try {
    return JSON.parse(JSON.stringify(metadata, (_, value) => (typeof value === 'bigint' ? value.toString() : value)));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ValidationError([{ loc: ['metadata'], msg: `must be JSON: ${why}`, type: 'invalid' }]);
  }
}

/** Text as a record shows it. */
export function shownText(text: string): string {
  return cut(redactText(text));
}

export function cut(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}… [${text.length} characters]` : text;
}

/**
 * What somebody says in an entry: of a member that is too large for a record, the begin of its JSON.
 * @throws ValidationError for what is no JSON
 */
export function shownMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(withoutSecrets(asJson(metadata)) as Record<string, unknown>).map(([name, value]) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
      return [name, text.length > LONGEST_VALUE ? cut(text) : value];
    }),
  );
}
