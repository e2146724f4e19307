import { AT } from '../../../entity/system-fields.js';
import type { PortableRow } from '../../../history/recorder.js';
import type { Scope } from '../../../session/scope.js';
import type { EntityPlan } from '../../../sql/entity-plan.js';
import { placeholders } from '../../../sql/read/fragment.js';
import { chunks, fewSizes } from '../../../sql/write/chunks.js';
import type { FieldValue } from '../../../sql/write/encode-row.js';
import type { PreparedRow } from '../save/prepared-row.js';
import { holdKeys } from './hold-keys.js';
import { ambiguous, matchLock } from './lock-row.js';

/** Bounds of one statement: a condition of more alternatives is too deep for some engines. */
const MATCHES_AT_A_TIME = 256;

/** Tells matches of the same fields apart. */
export function matchKey(match: readonly FieldValue[]): string {
  return JSON.stringify(match.map(({ value }) => (value === null ? null : String(value))));
}

/**
 * What `lockByMatch` answers, for many rows with a match each, no two of them the same. Matches are taken in one order by
 * everybody, so that two callers take turns instead of waiting for each other.
 * @param coming how many rows the caller is going to look for in all. @returns `undefined` where a row matches whose values are written otherwise, as documents can
 * be. @throws ConflictError when more than one row matches.
 */
export async function lockMatches(
  scope: Scope,
  plan: EntityPlan,
  wave: readonly PreparedRow[],
  coming: number,
): Promise<Map<PreparedRow, PortableRow> | undefined> {
  const matches = new Map(wave.map((row) => [matchKey(row.match ?? []), row]));
  const locks = [...matches.values()].map((row) => matchLock(row.match ?? []));
  await holdKeys(scope, plan, locks, coming);
  const stored = new Map<PreparedRow, PortableRow>();
  for (const [key, row] of await lockAlike(scope, plan, [...matches.values()])) {
    const meant = matches.get(key);
    if (!meant) return undefined;
    if (stored.has(meant)) throw ambiguous(plan, meant.match ?? []);
    stored.set(meant, row);
  }
  return stored;
}

/** Rows whose values are NULL in the same places share a text. */
async function lockAlike(
  scope: Scope,
  plan: EntityPlan,
  rows: readonly PreparedRow[],
): Promise<Array<[string, PortableRow]>> {
  const alike = new Map<string, PreparedRow[]>();
  for (const row of rows) {
    const shape = row.match?.map(({ column, value }) => `${column.index}${value === null ? ' null' : ''}`).join() ?? '';
    alike.set(shape, [...(alike.get(shape) ?? []), row]);
  }
  const found: Array<[string, PortableRow]> = [];
  for (const [shape, some] of alike)
    for (const part of chunks(some, fewSizes(MATCHES_AT_A_TIME))) {
      const matches = part.map(({ match }) => match ?? []);
      const sql = plan.text(`match ${matches.length} of ${shape}`, () => selectMatches(plan, matches));
      const given = matches.flat().filter(({ value }) => value !== null);
      const params = given.map(({ column, value }) => column.toRaw(value));
      for (const raw of await scope.change(sql, params, plan.bigints)) {
        const row = plan.portable(raw);
        const own = matches[0]?.map(({ column }) => ({ column, value: row[column.index] ?? null })) ?? [];
        found.push([matchKey(own), row]);
      }
    }
  return found;
}

function selectMatches(plan: EntityPlan, matches: ReadonlyArray<readonly FieldValue[]>): string {
  const next = placeholders(plan.dialect);
  const alternatives = matches.map((match) => {
    const same = match.map(({ column, value }) =>
      value === null ? `${column.quoted} IS NULL` : `${column.quoted} = ${next()}`,
    );
    return `(${same.join(' AND ')})`;
  });
  const [id, deletedAt] = [AT.id, AT.deletedAt].map((at) => plan.columns[at]?.quoted);
  return (
    `SELECT ${plan.columnList} FROM ${plan.table} WHERE (${alternatives.join(' OR ')}) AND ${deletedAt} IS NULL ` +
    `ORDER BY ${id}${plan.dialect.rowLock}`
  );
}
