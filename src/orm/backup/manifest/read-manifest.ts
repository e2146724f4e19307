import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { NotFoundError } from '../../../base/errors.js';
import type { Counter } from '../../dialect/shape.js';
import { FIELD_TYPES } from '../../entity/field-types.js';
import { NOTHING, tokenizeCondition } from '../../sql/tokenizer.js';
import { findFile, readFileOf, type Shelf } from '../files/shelf.js';
import { BackupCorruptError } from './backup-corrupt-error.js';
import { assertBackupName } from './backup-name.js';
import type { EngineSql, StoredColumn, StoredTable } from './description.js';
import {
  type BackedUpTable,
  MANIFEST_FILE,
  MANIFEST_FORMATS,
  type Manifest,
  manifestSum,
  type NativeFile,
  schemaHash,
} from './manifest.js';

const RULES: readonly string[] = ['restrict', 'cascade', 'set null'];

/** Far more than any real schema needs. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

/** Quotes hold a name or the values of an enumeration; a backslash hides none of them. */
const NATIVE_TYPE = /^(?:[A-Za-z_](?:[\w ,.()[\]]|"(?:[^"\\]|"")*"|'(?:[^'\\]|''|\\\\)*')*)?$/;

/**
 * The manifest of a backup. It may have been uploaded, so nothing in it is believed: names stay names, files stay in the
 * folder, SQL of an engine stays one expression.
 * @throws ValidationError for a name that is none, NotFoundError, BackupCorruptError
 */
export async function readManifest(shelf: Shelf, name: unknown): Promise<Manifest> {
  assertBackupName(name);
  const folder = join(shelf.folder, name);
  const found = await lstat(folder).catch(() => undefined);
  if (!found) throw notFound(name);
  if (!found.isDirectory()) throw new BackupCorruptError(`${name} is a link, or no folder`);
  const file = await findFile(folder, MANIFEST_FILE);
  if (!file) throw notFound(name);
  return manifestOf(readFileOf(shelf, file, MANIFEST_FILE), name);
}

/** The manifest out of its text, wherever that comes from. */
export async function manifestOf(source: AsyncIterable<Uint8Array>, name: string): Promise<Manifest> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_MANIFEST_BYTES) throw new BackupCorruptError(`The manifest of ${name} is too large`);
    chunks.push(chunk);
  }
  const manifest = parseManifest(Buffer.concat(chunks).toString(), name);
  if (manifest.name !== name) throw new BackupCorruptError(`The folder ${name} holds the backup ${manifest.name}`);
  return manifest;
}

/** @throws BackupCorruptError */
export function parseManifest(text: string, name: string): Manifest {
  try {
    const manifest: unknown = JSON.parse(text);
    assertManifest(manifest);
    return manifest;
  } catch (cause) {
    throw new BackupCorruptError(`The manifest of ${name} is not one: ${(cause as Error).message}`, { cause });
  }
}

export function notFound(name: string): NotFoundError {
  return new NotFoundError(`Backup not found: ${name}`);
}

function assertManifest(value: unknown): asserts value is Manifest {
  const manifest = value as Manifest;
  expect(MANIFEST_FORMATS.includes(manifest?.format), `its format is none of ${MANIFEST_FORMATS.join(', ')}`);
  expect(manifest.format === 1 || manifest.sha256 === manifestSum(manifest), 'its checksum is not that of its content');
  expect(isText(manifest.name) && isText(manifest.engine), 'it has no name or engine');
  expect(isText(manifest.createdAt) && !Number.isNaN(Date.parse(manifest.createdAt)), 'createdAt is no time');
  expect(Array.isArray(manifest.schema) && Array.isArray(manifest.tables), 'it lists no tables');
  for (const table of manifest.schema) assertTable(table);
  expect(manifest.schemaHash === schemaHash(manifest.schema), 'schemaHash is not that of the schema');
  const names = new Set(manifest.schema.map((table) => table.name));
  expect(names.size === manifest.schema.length, 'a table is described twice');
  const files = new Set<string>();
  for (const table of manifest.tables) {
    assertFile(table);
    expect(names.delete(table.table), `${table.table} is not described, or listed twice`);
    expect(!files.has(table.file), `${table.file} is listed twice`);
    files.add(table.file);
  }
  expect(names.size === 0, `${[...names].join(', ')} has no file`);
  if (manifest.native) assertNative(manifest.native);
}

function assertNative({ extension, bytes, sha256 }: NativeFile): void {
  expect(isText(extension) && /^[a-z]{1,8}$/.test(extension), 'the native dump has an impossible name');
  expect(isCount(bytes) && isSum(sha256), 'the size or the checksum of the native dump is none');
}

function assertFile({ table, file, bytes, sha256, rows, counters = {} }: BackedUpTable): void {
  expect(isText(table), 'a file is of no table');
  expect(isText(file) && /^[\w-]{1,120}\.csv$/.test(file), `the file of ${table} has an impossible name`);
  expect(isCount(bytes) && isCount(rows), `the size of ${table} is no number`);
  expect(isSum(sha256), `the checksum of ${table} is none`);
  for (const last of Object.values(counters))
    expect(isText(last) && /^-?\d{1,20}$/.test(last), `a counter of ${table} is no number`);
}

function assertTable(table: StoredTable): void {
  expect(isName(table?.name), 'a table has no name');
  const { name } = table;
  const columns = new Set(table.columns.map((column) => column.name));
  expect(columns.size > 0 && columns.size === table.columns.length, `${name} has no columns, or one twice`);
  for (const column of table.columns) assertColumn(name, column);
  const known = (list: readonly string[]): boolean =>
    Array.isArray(list) && list.every((column) => columns.has(column));
  expect(known(table.primaryKey), `the key of ${name} names an unknown column`);
  for (const { column, table: target, onDelete, pairs = [], onUpdate = 'restrict' } of table.foreignKeys) {
    expect(columns.has(column) && isName(target), `a reference of ${name} is wrong`);
    for (const [own, named] of pairs) expect(columns.has(own) && isName(named), `a reference of ${name} is wrong`);
    for (const rule of [onDelete, onUpdate]) expect(RULES.includes(rule), `a reference of ${name} has no rule`);
  }
  for (const index of table.indexes) {
    expect(isName(index.name) && known(index.columns) && known(index.descending), `an index of ${name} is wrong`);
    if (index.where !== undefined) assertExpression(index.where, `the index ${index.name}`);
  }
  for (const check of table.checks) {
    expect(isName(check.name), `a check of ${name} has no name`);
    assertExpression(check.condition, `the check ${check.name}`);
  }
  expect(table.history === undefined || isName(table.history), `the history of ${name} has no name`);
}

function assertColumn(table: string, column: StoredColumn): void {
  const where = `${table}.${column.name}`;
  expect(
    isText(column.name) && column.name.length > 0 && !column.name.includes('\0'),
    `${table} has a nameless column`,
  );
  expect(FIELD_TYPES.includes(column.type), `${where} has an unknown type`);
  for (const size of [column.length, column.precision, column.scale])
    expect(size === undefined || isCount(size), `${where} has a size that is no number`);
  if (column.default !== undefined && !isText(column.default))
    assertExpression(column.default, `the default of ${where}`);
  if (column.check !== undefined) assertExpression(column.check, `the check of ${where}`);
  if (column.generated !== undefined) assertExpression(column.generated, `the expression of ${where}`);
  if (column.counter !== undefined) assertCounter(column.counter, where);
  if (column.native !== undefined) expect(NATIVE_TYPE.test(column.native.sql), `${where} has a type that is none`);
}

function assertCounter({ sequence, step }: Counter, where: string): void {
  expect(sequence === undefined || isName(sequence), `the sequence of ${where} has no name`);
  expect(step === undefined || (Number.isSafeInteger(step) && step !== 0), `the step of ${where} is no number`);
}

/** @throws ValidationError where it would leave the parentheses that it is put into. */
function assertExpression(condition: string | EngineSql, what: string): void {
  const sql = isText(condition) ? condition : condition?.sql;
  expect(isText(sql), `${what} has no condition`);
  tokenizeCondition(sql as string, NOTHING); // what misleads an engine, the engine's own dialect refuses
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isName(name: unknown): boolean {
  return isText(name) && name.length > 0 && name.length <= 64 && !name.includes('\0');
}

function isSum(value: unknown): boolean {
  return isText(value) && /^[0-9a-f]{64}$/.test(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function expect(holds: boolean, fault: string): void {
  if (!holds) throw new TypeError(fault);
}
