import { createHash } from 'node:crypto';
import type { SchemaStep, TableShape } from '../../dialect/shape.js';
import type { TableRename } from '../../dialect/table-swap.js';
import type { Scope } from '../../session/scope.js';
import { readRows } from '../import/read-rows.js';
import { TableWriter } from '../import/table-writer.js';
import type { StoredTable } from '../manifest/description.js';
import { tableShape } from '../manifest/table-shape.js';
import { type RestoreSource, recordingTriggers, resumeCounters, runSteps, withFiles } from './replace-tables.js';
import { restoreTableName } from './staged-names.js';

/** Rows are committed this often while tables are filled that nobody knows yet. */
const BATCHES_PER_COMMIT = 20;

/** The tables of a backup beside those that are in use, under names of their own. */
export class StagedTables {
  readonly #scope: Scope;
  readonly #source: RestoreSource;
  readonly #token: string;
  readonly #names: ReadonlyMap<string, string>;

  constructor(scope: Scope, source: RestoreSource) {
    this.#scope = scope;
    this.#source = source;
    const seed = `${source.manifest.name} ${scope.core.clock.now()} ${process.hrtime.bigint()}`;
    this.#token = createHash('sha256').update(seed).digest('hex').slice(0, 8); // references are named by it
    const tables = source.manifest.schema.map(({ name }, at) => [name, this.#name(`new_${at}`)] as const);
    this.#names = new Map(tables);
  }

  /** Makes and fills every table. Rules and triggers are there before anyone can write to them. */
  async fill(): Promise<void> {
    const { shelf, manifest, onTable } = this.#source;
    const { dialect } = this.#scope.core;
    for (const [table, file] of withFiles(manifest)) {
      onTable?.(table.name);
      const shape = this.#staged(table);
      await runSteps(this.#scope, dialect.createTable(shape));
      const writer = new TableWriter(this.#scope, table, this.#names.get(table.name));
      let batches = 0;
      for await (const rows of readRows(shelf, manifest, table, file)) {
        if (batches++ % BATCHES_PER_COMMIT === 0) await this.#scope.run('BEGIN', []);
        await writer.write(rows);
        if (batches % BATCHES_PER_COMMIT === 0) await this.#scope.run('COMMIT', []);
      }
      await this.#scope.run('COMMIT', []);
      await runSteps(this.#scope, resumeCounters(dialect, shape, file));
    }
    await runSteps(this.#scope, recordingTriggers(this.#scope, manifest.schema, this.#names));
  }

  /** Every table gives its name to the one of the backup. */
  renames(inUse: readonly string[]): TableRename[] {
    return [
      ...inUse.map((from, at) => ({ from, to: this.#name(`old_${at}`) })),
      ...[...this.#names].map(([to, from]) => ({ from, to })),
    ];
  }

  /** What the tables still lack once they have their own names. */
  rulesToAdd(): SchemaStep[] {
    const { dialect } = this.#scope.core;
    if (!dialect.swap?.sharesCheckNames) return [];
    return this.#source.manifest.schema.flatMap((table) => {
      const shape = tableShape(table, dialect);
      return shape.checks.length === 0 ? [] : dialect.changeTable({ ...shape, checks: [] }, shape, [], false);
    });
  }

  #staged(table: StoredTable): TableShape {
    const { dialect } = this.#scope.core;
    const shape = tableShape(table, dialect);
    return {
      ...shape,
      name: this.#names.get(table.name) ?? table.name,
      checks: dialect.swap?.sharesCheckNames ? [] : shape.checks,
      foreignKeys: shape.foreignKeys.map((key) => ({ ...key, table: this.#names.get(key.table) ?? key.table })),
    };
  }

  #name(what: string): string {
    return restoreTableName(`${this.#token}_${what}`);
  }
}
