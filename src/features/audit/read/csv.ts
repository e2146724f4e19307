import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { KernelAuditLog } from '../entities.js';

const COLUMNS = [
  'seq',
  'timestamp',
  'action',
  'status',
  'entity',
  'entityId',
  'entityVersion',
  'userId',
  'actorType',
  'workspaceId',
  'requestId',
  'ip',
  'userAgent',
  'changes',
  'metadata',
  'comment',
] as const satisfies ReadonlyArray<keyof KernelAuditLog>;

/** What a spreadsheet takes for a formula, also written wide, or for the start of one after what it strips. */
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/;
/**
 * The same behind what begins a cell where the separator is a semicolon or a tab, as in much of Europe: there the quotes around
 * a value that holds one do not keep it together.
 */
const LATER_FORMULA = /([;\t\r\n])(?=[\s"']*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;

/** Records as CSV for people: a spreadsheet shows every cell as text, and runs none, whatever its separator is. */
export function recordsAsCsv(records: AsyncIterable<KernelAuditLog>): Readable {
  const columns = COLUMNS.map((key) => ({
    key,
    header: key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  }));
  const csv = stringify({ header: true, columns, cast: { string: harmless, date: (date) => date.toISOString() } });
  const source = Readable.from(records);
  source.on('error', (error) => csv.destroy(error));
  csv.on('close', () => source.destroy());
  return source.pipe(csv);
}

function harmless(text: string): string {
  return (FORMULA.test(text) ? `'${text}` : text).replace(LATER_FORMULA, "$1'");
}
