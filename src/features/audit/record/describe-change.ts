import type { RecordedVersion } from '../../../orm/index.js';
import { isSecretName, REDACTED, redactText } from '../../../telemetry/redaction.js';

export type Changes = Record<string, [unknown, unknown]>;

/** What one version made of the one before it. */
export interface DescribedChange {
  action: 'create' | 'update' | 'delete' | 'restore';
  changes: Changes;
  oldSnapshot: Record<string, unknown> | null;
  newSnapshot: Record<string, unknown> | null;
}

type Values = RecordedVersion['values'];

/** Columns that change with every version and say nothing about what was changed. */
const ALWAYS_DIFFERENT: ReadonlySet<string> = new Set([
  'id',
  'created_at',
  'created_by',
  'updated_at',
  'updated_by',
  '_version',
]);
/** Longer texts of one value are cut: a record is to be read, the history has the whole of it. */
const LONGEST_VALUE = 4_000;

/** The difference of a version to the one before it. @param before undefined for the first, and after the row's end. */
export function describeChange(
  version: RecordedVersion,
  before: RecordedVersion | undefined,
  hidden: readonly string[] = [],
): DescribedChange {
  const secret = new Set(hidden);
  const show = (column: string, value: unknown): unknown => shown(column, value, secret);
  const whole = (values: Values): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).map(([column, value]) => [column, show(column, value)]));
  if (version.isEnd) {
    const changes = differing(version.values, {}, show);
    return { action: 'delete', changes, oldSnapshot: whole(version.values), newSnapshot: null };
  }
  if (!before || before.isEnd) {
    const changes = differing({}, version.values, show);
    return { action: 'create', changes, oldSnapshot: null, newSnapshot: whole(version.values) };
  }
  const changes = differing(before.values, version.values, show);
  return { action: actionOf(before.values, version.values), changes, oldSnapshot: null, newSnapshot: null };
}

function actionOf(before: Values, after: Values): DescribedChange['action'] {
  const [wasDeleted, isDeleted] = [before, after].map(({ deleted_at: at }) => at !== null && at !== undefined);
  if (wasDeleted === isDeleted) return 'update';
  return isDeleted ? 'delete' : 'restore';
}

function differing(before: Values, after: Values, show: (column: string, value: unknown) => unknown): Changes {
  const columns = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = columns.filter(
    (column) => !ALWAYS_DIFFERENT.has(column) && !isSame(before[column] ?? null, after[column] ?? null),
  );
  return Object.fromEntries(
    changed.map((column) => [column, [show(column, before[column] ?? null), show(column, after[column] ?? null)]]),
  );
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return a === b;
}

/** A value as a record shows it. A secret shows that it is there, and no more. */
function shown(column: string, value: unknown, secret: ReadonlySet<string>): unknown {
  if (value === null || value === undefined) return null;
  if (secret.has(column)) return REDACTED;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (typeof value !== 'string') return value;
  const document = documentOf(value);
  const text = document === undefined ? redactText(value) : JSON.stringify(withoutSecrets(document));
  if (text.length > LONGEST_VALUE) return `${text.slice(0, LONGEST_VALUE)}… [${text.length} characters]`;
  return document === undefined ? text : JSON.parse(text);
}

/** Documents travel as JSON text. A text that only looks like one is shown as what it looks like. */
function documentOf(text: string): object | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** A document without the values of members that are named like secrets, and without secrets in its texts. */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecretName(name) ? REDACTED : withoutSecrets(inner)]),
  );
}
