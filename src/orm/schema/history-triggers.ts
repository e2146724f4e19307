import type { Dialect, TriggerDialect } from '../dialect/dialect.js';
import type { RowTrigger, SchemaStep, TableShape, TriggerShape } from '../dialect/shape.js';
import { constraintName } from '../entity/constraint-name.js';
import { AT, SYSTEM_FIELDS } from '../entity/system-fields.js';
import type { DesiredTable } from './desired.js';

/** How the triggers that record versions get from what they are to what they should be. */
export interface TriggerPlan {
  /** What must be done before any table changes. */
  readonly before: readonly SchemaStep[];
  /** The tables as they are then. */
  readonly tables: ReadonlyMap<string, TableShape>;
  /** What can only be done when every table is there, with its columns and its rows. */
  readonly after: readonly SchemaStep[];
}

/** The names of a table's columns; none for a table that is not there. */
type ColumnsOf = (table: string) => readonly string[];

/**
 * Triggers record every column that a table and its history have both, also those that no field declares any more: an
 * instance with older classes may still write them. A column that is dropped leaves its triggers first, one that is added
 * enters them last, so that writes go on whatever moment a migrator dies at.
 */
export function planTriggers(
  dialect: Dialect,
  desired: readonly DesiredTable[],
  found: ReadonlyMap<string, TableShape>,
  allowedDrops: ReadonlySet<string>,
): TriggerPlan {
  const { triggers, quote } = dialect;
  if (!triggers) return { before: [], tables: found, after: [] };
  const present: ColumnsOf = (name) => found.get(name)?.columns.map((column) => column.name) ?? [];
  const future = futureColumns(desired, present, allowedDrops);
  const before: SchemaStep[] = [];
  const after: SchemaStep[] = [];
  const tables = new Map(found);
  for (const { shape, history } of desired) {
    const { name } = shape;
    const recording = new RecordingTriggers(triggers, quote, name, history);
    const current = found.get(name)?.triggers ?? [];
    const own = current.filter(recording.owns);
    const between = recording.shrunk(own, present, future);
    before.push(...triggers.change(name, own, between));
    after.push(...triggers.change(name, between, recording.of(recording.columns(future))));
    const table = found.get(name);
    const foreign = current.filter((trigger) => !recording.owns(trigger));
    if (table) tables.set(name, { ...table, triggers: [...foreign, ...between] });
  }
  return { before, tables, after: after.map((step) => ({ ...step, afterTables: true })) };
}

/** The columns that a table will have: those that are declared, and those that were and are not to be dropped. */
function futureColumns(
  desired: readonly DesiredTable[],
  present: ColumnsOf,
  allowedDrops: ReadonlySet<string>,
): ColumnsOf {
  const declared = new Map(desired.map(({ shape }) => [shape.name, shape.columns.map((column) => column.name)]));
  return (name) => {
    const kept = present(name).filter((column) => !allowedDrops.has(`${name}.${column}`));
    return [...new Set([...(declared.get(name) ?? []), ...kept])];
  };
}

/** The triggers that record the versions of one table; none where it keeps no history. */
class RecordingTriggers {
  readonly #triggers: TriggerDialect;
  readonly #quote: (identifier: string) => string;
  readonly #table: string;
  readonly #history: string | undefined;

  constructor(
    triggers: TriggerDialect,
    quote: (identifier: string) => string,
    table: string,
    history: string | undefined,
  ) {
    this.#triggers = triggers;
    this.#quote = quote;
    this.#table = table;
    this.#history = history;
  }

  readonly owns = ({ name }: TriggerShape): boolean => name === this.#name('INSERT') || name === this.#name('UPDATE');

  /** What is recorded: the columns that table and history have both, in an order that no class decides. */
  columns(of: ColumnsOf): string[] {
    if (this.#history === undefined) return [];
    const recorded = new Set(of(this.#history));
    return of(this.#table)
      .filter((column) => recorded.has(column))
      .sort();
  }

  /** The triggers of now without the columns that are about to go. */
  shrunk(own: readonly TriggerShape[], present: ColumnsOf, future: ColumnsOf): readonly TriggerShape[] {
    if (own.length === 0 || this.#history === undefined) return [];
    const recorded = this.columns(present);
    const kept = new Set(this.columns(future));
    const staying = recorded.filter((column) => kept.has(column));
    return staying.length === recorded.length ? own : this.of(staying);
  }

  of(columns: readonly string[]): TriggerShape[] {
    if (this.#history === undefined) return [];
    const when = `NEW.${this.#quote(VERSION)} <> OLD.${this.#quote(VERSION)}`;
    return [this.#trigger('INSERT', columns), this.#trigger('UPDATE', columns, { when })];
  }

  #trigger(event: RowTrigger['event'], columns: readonly string[], condition: { when?: string } = {}): TriggerShape {
    const recorded = [...columns.map((column) => [column, column]), ...STAMP];
    const into = recorded.map(([to = '']) => this.#quote(to)).join(', ');
    const values = recorded.map(([, from = '']) => `NEW.${this.#quote(from)}`).join(', ');
    const statement = `INSERT INTO ${this.#quote(this.#history ?? '')} (${into}) VALUES (${values})`;
    const name = this.#name(event);
    return { name, sql: this.#triggers.sql({ name, table: this.#table, event, statement, ...condition }) };
  }

  #name(event: RowTrigger['event']): string {
    return recordingTriggerName(this.#table, event);
  }
}

/** What the trigger is called that records versions of a table. */
export function recordingTriggerName(table: string, event: RowTrigger['event']): string {
  return constraintName('record', [table, event.toLowerCase()]);
}

const VERSION = SYSTEM_FIELDS[AT.version][1];

/** Columns of a version, and the columns of the row that they repeat. */
const STAMP = [
  ['version', VERSION],
  ['history_timestamp', SYSTEM_FIELDS[AT.updatedAt][1]],
  ['history_user_id', SYSTEM_FIELDS[AT.updatedBy][1]],
] as const;
