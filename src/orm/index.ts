/// <reference types="node" preserve="true" />

export { withActor, withoutTenant, withTenant } from '../base/context.js';
export {
  CircuitOpenError,
  ConfigError,
  type ConfigFault,
  ConflictError,
  ConnectionError,
  ConstraintError,
  type ConstraintKind,
  KernelError,
  MaintenanceError,
  NotFoundError,
  SchemaError,
  TimeoutError,
  ValidationError,
} from '../base/errors.js';
export type { ImportedBackup } from './backup/archive/backup-archive.js';
export { BackupArchiveError } from './backup/archive/zip-format.js';
export type { BackupEncryption, BackupRetention, BackupSettings } from './backup/backup-options.js';
export type { Confirmation, CsvImportOptions } from './backup/backups.js';
export type { CsvImport, CsvImportPreview, TableImport } from './backup/import/additive-import.js';
export type { BackupEntry, BackupPlace, Verification } from './backup/list-backups.js';
export { BackupCorruptError } from './backup/manifest/backup-corrupt-error.js';
export type { FullRestore, FullRestorePreview } from './backup/restore/full-restore.js';
export { BackupKeyError } from './backup/seal/backup-key.js';
export type { BackupProgress } from './backup/snapshot/take-snapshot.js';
export type { VerifiedBackup } from './backup/verify-backup.js';
export type { Backup, BackupRequest } from './backup/write-backup.js';
export type { ConnectOptions } from './connect-options.js';
export { connect, Database, type RevertAllOptions } from './database.js';
export { databaseFor } from './database-for.js';
export { DatabaseHandle, type LooseRow } from './database-handle.js';
export { type DbContextOptions, dbContext } from './db-context.js';
export type { Isolation, PoolStats, Row } from './dialect/driver.js';
export type { SslOption } from './dialect/tls.js';
export { Entity, type EntityDecorator, Field, type FieldDecorator } from './entity/decorators.js';
export type { EntityTarget, FieldOptions, FieldType, OnDelete } from './entity/field-types.js';
export type { HistoryRetention } from './entity/history-retention.js';
export type { EntityOptions, IndexOptions, UniqueOptions } from './entity/metadata.js';
export { declaredEntities, entityMeta } from './entity/registry.js';
export type {
  Include,
  IncludeMany,
  IncludeOne,
  Relation,
  RelationKeys,
  Selected,
} from './entity/relation-arguments.js';
export {
  BelongsTo,
  type BelongsToDecorator,
  HasMany,
  HasOne,
  type RelationDecorator,
} from './entity/relations.js';
export type {
  Conditions,
  FieldKeys,
  Filter,
  OrderBy,
  PathCondition,
  SaveInput,
  UpdateInput,
} from './entity/typed-arguments.js';
export type { RecordedVersion, VersionKey } from './history/recorded-versions.js';
export type { VersionFields, VersionPage } from './history/versions.js';
export { Model, type Versioned } from './model.js';
export type { LedgerEntry } from './schema/ledger.js';
export type { MigrateOptions, Migration, SchemaOptions } from './schema/migrate.js';
export type { Orphans } from './schema/orphans.js';
export type { Plan, PlanWarning } from './schema/plan.js';
export { databaseService } from './session/open-databases.js';
export type { DatabaseEvents } from './session/watch/database-events.js';
export type { DatabaseStats, ReplicaStats } from './session/watch/database-stats.js';
export type { QueryEvent, QueryListener } from './session/watch/query-event.js';
export type { Span, Tracer } from './session/watch/tracer.js';
export type {
  ChangeEvent,
  ChangeListener,
  WriteAction,
  WriteEvent,
  WriteListener,
} from './session/watch/write-event.js';
export type { EntityClass } from './stored-row.js';
export type {
  CountOptions,
  DeleteManyOptions,
  FindOptions,
  GetOptions,
  HistoryOptions,
  ManyOptions,
  Page,
  PageOptions,
  SaveOptions,
  SessionHandle,
  StatementOptions,
  StreamOptions,
  VerbOptions,
  WriteOptions,
} from './verbs/options.js';
export type { Past } from './verbs/read/past.js';
export type { TableRevert, TableRevertPreview } from './verbs/write/revert/revert-tables.js';
