import { currentContext } from '../../base/context.js';
import { ValidationError } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import { type ChangeEvent, type Database, type EntityTarget, entityMeta } from '../../orm/index.js';
import { isSecretName } from '../../telemetry/redaction.js';
import { type AuditEvent, type AuditOrigin, type AuditStatus, changeId, originOf } from './events.js';
import { shownMetadata } from './record/without-secrets.js';

/** An entry by hand: what was done, to what, and how it ended. */
export interface NewAuditEntry {
  /** Such as `invoice.sent`. */
  action: string;
  /** The kind of thing it was done to. Default `app`. */
  entity?: string;
  entityId?: string;
  /** Default `success`. */
  status?: AuditStatus;
  /** Anything else to know, as JSON; members with names of secrets are not kept. */
  metadata?: Readonly<Record<string, unknown>>;
  /** Makes an entry that comes twice one. Default a UUID. */
  eventId?: string;
  /** In place of what the request or job says. */
  origin?: Partial<AuditOrigin>;
}

/** Where events go on their way to the log. */
export interface AuditSink {
  /** @returns false where it was refused. */
  push(event: AuditEvent): boolean;
}

/** What is left out of a table's records. */
interface AuditedTable {
  readonly hidden: readonly string[];
}

/** Takes note of what happens. Nothing is written while a request waits: events are published afterwards. */
export class AuditLogger {
  readonly #sink: AuditSink;

  constructor(sink: AuditSink) {
    this.#sink = sink;
  }

  /**
   * An entry by hand; who and where from is what the request or job says.
   * @returns false where it could be taken nowhere, which is logged and counted. @throws ValidationError
   */
  log(entry: NewAuditEntry): boolean {
    const { action, entity = 'app', entityId = '', status = 'success', metadata, eventId, origin } = entry;
    assertText('action', action, 1, 100);
    assertText('entity', entity, 1, 100);
    assertText('entityId', entityId, 0, 255);
    assertText('eventId', eventId ?? 'none', 1, 255);
    return this.#sink.push({
      id: eventId ?? uuidv7(),
      kind: 'entry',
      action,
      entity,
      entityId,
      status,
      ...(metadata && { metadata: shownMetadata(metadata) }), // also on its way it is nothing secret
      at: new Date().toISOString(),
      origin: { ...originOf(currentContext()), ...origin },
    });
  }

  /** Records every change of a row of a table that keeps a history. @returns what ends that. */
  watch(database: Database): () => void {
    const tables = auditedTables(database.entities);
    return database.on('change', (change) => this.#changed(change, tables));
  }

  #changed({ table, id, version, action, context }: ChangeEvent, tables: ReadonlyMap<string, AuditedTable>): void {
    const audited = tables.get(table);
    if (!audited) return;
    this.#sink.push({
      id: changeId(table, id, version),
      kind: 'change',
      table,
      rowId: id,
      version,
      action,
      at: new Date().toISOString(),
      origin: originOf(context),
      ...(audited.hidden.length > 0 && { hidden: audited.hidden }),
    });
  }
}

/** Tables whose changes are recorded, and the columns of each whose values are not shown. */
export function auditedTables(entities: readonly EntityTarget[]): Map<string, AuditedTable> {
  const recorded = entities.map(entityMeta).filter(({ history }) => history);
  return new Map(
    recorded.map(({ table, fields }) => {
      const secret = fields.filter(({ column, options }) => options.sensitive ?? isSecretName(column));
      return [table, { hidden: secret.map(({ column }) => column) }];
    }),
  );
}

function assertText(field: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'string' && value.length >= least && value.length <= most) return;
  throw new ValidationError([{ loc: [field], msg: `must be text of ${least} to ${most} characters`, type: 'invalid' }]);
}
