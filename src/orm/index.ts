export { withActor, withoutTenant, withTenant } from '../base/context.js';
export {
  CircuitOpenError,
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
export { type ConnectOptions, connect, Database } from './database.js';
export { databaseFor } from './database-for.js';
export { DatabaseHandle, type LooseRow } from './database-handle.js';
export { type DbContextOptions, dbContext } from './db-context.js';
export type { Isolation, Row } from './dialect/driver.js';
export { Entity, type EntityDecorator, Field, type FieldDecorator } from './entity/decorators.js';
export type { EntityTarget, FieldOptions, FieldType, OnDelete } from './entity/field-types.js';
export type { EntityOptions } from './entity/metadata.js';
export { declaredEntities } from './entity/registry.js';
export type {
  Conditions,
  FieldKeys,
  Filter,
  OrderBy,
  SaveInput,
  Selected,
  UpdateInput,
} from './entity/typed-arguments.js';
export type { VersionFields } from './history/versions.js';
export { type EntityClass, Model, type Versioned } from './model.js';
export type { LedgerEntry } from './schema/ledger.js';
export type { MigrateOptions, Migration, SchemaOptions } from './schema/migrate.js';
export type { Orphans } from './schema/orphans.js';
export type { Plan, PlanWarning } from './schema/plan.js';
export { databaseService } from './session/open-databases.js';
export type { WriteAction, WriteEvent, WriteListener } from './session/write-event.js';
export type {
  CountOptions,
  FindOptions,
  GetOptions,
  SaveOptions,
  SessionHandle,
  StreamOptions,
  VerbOptions,
  WriteOptions,
} from './verbs/options.js';
export type { Past } from './verbs/past.js';
