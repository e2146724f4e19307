import type { Database, RecordedVersion, VersionKey } from '../../../orm/index.js';
import { entityMeta } from '../../../orm/index.js';
import { isSecretName } from '../../../telemetry/redaction.js';
import { changeId, type RowChanged } from '../events.js';
import { type DescribedChange, describeChange } from './describe-change.js';

/** What an event turned out to be. */
export interface DescribedEvent extends DescribedChange {
  version: RecordedVersion;
  /** The workspace that the row belongs to; undefined where the row does not say. */
  workspaceId: string | null | undefined;
}

const WORKSPACES = 'kernel_workspaces';
const KEYS_PER_QUERY = 200;
const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads what changed out of the histories. */
export class VersionReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By the ids of the events; those whose version is gone are left out. */
  async describe(events: readonly RowChanged[]): Promise<Map<string, DescribedEvent>> {
    const described = new Map<string, DescribedEvent>();
    for (const [table, some] of byTable(events)) {
      const versions = await this.#versions(table, some.flatMap(withBefore));
      const found = new Map(versions.map((version) => [changeId(table, version.id, version.version), version]));
      for (const event of some) {
        const version = found.get(event.id);
        if (!version) continue;
        const before = found.get(changeId(table, event.rowId, event.version - 1));
        const hidden = event.hidden ?? Object.keys(version.values).filter(isSecretName);
        described.set(event.id, {
          ...describeChange(version, before, event.action, hidden),
          version,
          workspaceId: workspaceOf(table, version),
        });
      }
    }
    return described;
  }

  /** A process without the classes of a service (the command line) reads the history as the driver gives it. */
  async #versions(table: string, keys: readonly VersionKey[]): Promise<RecordedVersion[]> {
    const isListed = this.#database.entities.some((entity) => entityMeta(entity).table === table);
    if (isListed) return this.#database.recordedVersions(table, keys);
    if (!TABLE_NAME.test(table)) return [];
    const versions: RecordedVersion[] = [];
    for (let at = 0; at < keys.length; at += KEYS_PER_QUERY) {
      const some = keys.slice(at, at + KEYS_PER_QUERY);
      const where = some.map(() => '([id] = ? AND [version] = ?)').join(' OR ');
      const params = some.flatMap(({ id, version }) => [id, version]);
      versions.push(
        ...(await this.#database.query(`SELECT * FROM [${table}_history] WHERE ${where}`, params)).map(plain),
      );
    }
    return versions;
  }
}

function byTable(events: readonly RowChanged[]): Map<string, RowChanged[]> {
  const tables = new Map<string, RowChanged[]>();
  for (const event of events) tables.set(event.table, [...(tables.get(event.table) ?? []), event]);
  return tables;
}

function withBefore({ rowId: id, version }: RowChanged): VersionKey[] {
  return version > 1
    ? [
        { id, version },
        { id, version: version - 1 },
      ]
    : [{ id, version }];
}

function workspaceOf(table: string, { id, values }: RecordedVersion): string | null | undefined {
  if (table === WORKSPACES) return id;
  const named = values.workspace_id;
  if (named === undefined) return undefined;
  return named === null ? null : String(named);
}

/** A row of a history as any driver answers it. */
function plain(row: Record<string, unknown>): RecordedVersion {
  const { version, history_timestamp: at, history_user_id: userId, history_comment: comment, ...columns } = row;
  const values = Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, portable(value)]));
  return {
    id: String(row.id),
    version: Number(version),
    at: timeText(at),
    userId: (userId as string | null) ?? null,
    comment: (comment as string | null) ?? null,
    isEnd: row._version === null,
    values,
  };
}

function portable(value: unknown): RecordedVersion['values'][string] {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'object') return JSON.stringify(value);
  return value as RecordedVersion['values'][string];
}

/** Text without a zone is UTC, as every engine keeps it. */
function timeText(at: unknown): string {
  if (at instanceof Date) return at.toISOString();
  if (typeof at === 'number' || typeof at === 'bigint') return new Date(Number(at)).toISOString();
  const text = String(at).replace(' ', 'T');
  return new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`).toISOString();
}
