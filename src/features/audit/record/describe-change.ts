import type { RecordedVersion } from '../../../orm/index.js';
import { REDACTED } from '../../../telemetry/redaction.js';
import { cut, LONGEST_VALUE, shownText, withoutSecrets } from './without-secrets.js';

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

/**
 * The difference of a version to the one before it. Where that one is no longer kept, nobody knows what was changed: the
 * whole row is shown.
 * @param before undefined for the first, and where it is not kept
 * @param told what whoever changed the row says that it was
 */
export function describeChange(
  version: RecordedVersion,
  before: RecordedVersion | undefined,
  told: DescribedChange['action'],
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
  if (!before && version.version > 1)
    return { action: told, changes: {}, oldSnapshot: null, newSnapshot: whole(version.values) };
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
  if (document === undefined) return shownText(value);
  const shown = withoutSecrets(document);
  const text = JSON.stringify(shown);
  return text.length > LONGEST_VALUE ? cut(text) : shown;
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
