import { type BackupSettings, isBackupEncryption, isBackupStore } from './backup/backup-options.js';
import type { SchemaOptions } from './schema/migrate.js';
import type { CoreOptions } from './session/core-options.js';
import { checkOptions, milliseconds, type OptionRule, whole } from './session/option-rules.js';

/** Everything `connect` takes beside the URL. */
export interface ConnectOptions extends CoreOptions, SchemaOptions, BackupSettings {}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isRetention = (value: unknown): boolean =>
  isObject(value) &&
  Object.entries(value as object).every(
    ([name, kept]) => (name === 'count' || name === 'days') && Number.isSafeInteger(kept) && kept >= 1,
  );
const hasMethod =
  (name: string) =>
  (value: unknown): boolean =>
    isObject(value) && isFunction(Reflect.get(value as object, name));

const RULES: Readonly<Record<keyof ConnectOptions, OptionRule>> = {
  entities: {
    wanted: 'a list of entity classes',
    example: '[Product]',
    holds: (value) => Array.isArray(value) && value.every(isFunction),
  },
  logger: { wanted: 'a logger', example: 'pino()', holds: hasMethod('warn') },
  clock: { wanted: 'a clock', example: '{ now: () => Date.now() }', holds: hasMethod('now') },
  newId: { wanted: 'a function', example: '(table) => crypto.randomUUID()', holds: isFunction },
  poolSize: whole(1, 10),
  acquireTimeoutMs: milliseconds(1, 10_000),
  statementTimeoutMs: milliseconds(0, 30_000),
  idleTimeoutMs: milliseconds(1, 60_000),
  slowQueryMs: {
    wanted: 'a number of milliseconds from 0',
    example: '1000',
    holds: (value) => Number.isFinite(value) && Number(value) >= 0,
  },
  ssl: {
    wanted: 'true, false, or what TLS is made with',
    example: '{ ca }',
    holds: (value) => typeof value === 'boolean' || isObject(value),
  },
  replicas: {
    wanted: 'a list of database URLs',
    example: "['postgresql://user:password@replica:5432/name']",
    holds: (value) => Array.isArray(value) && value.every((url) => typeof url === 'string'),
  },
  replicaLagMs: milliseconds(0, 5_000),
  tracer: {
    wanted: 'an OpenTelemetry tracer or false',
    example: "trace.getTracer('my-app')",
    holds: (value) => value === false || hasMethod('startSpan')(value),
  },
  debug: { wanted: 'true or false', example: 'false', holds: isBoolean },
  dataDir: { wanted: 'the path of a folder', example: "'.data'", holds: (value) => typeof value === 'string' },
  largeTableRows: {
    wanted: 'a whole number of rows from 0',
    example: '100000',
    holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  },
  lockWaitMs: milliseconds(0, 30_000),
  backupBeforeMigrate: { wanted: 'true or false', example: 'true', holds: isBoolean },
  nativeBackup: { wanted: 'true or false', example: 'true', holds: isBoolean },
  backupRetention: {
    wanted: 'how many backups, or those of how many days, are kept',
    example: '{ count: 30, days: 90 }',
    holds: isRetention,
  },
  backupStore: {
    wanted: 'the URL of an S3-compatible bucket',
    example: "'s3://key:secret@bucket/prefix?region=eu-central-1&endpoint=https://s3.example.com'",
    holds: isBackupStore,
  },
  backupEncryption: {
    wanted: 'a key of 32 bytes as hex or base64, and whether backups of this machine are sealed as well',
    example: '{ key, local: true } with a key of `openssl rand -hex 32`',
    holds: isBackupEncryption,
  },
  beforeMigrate: { wanted: 'a function', example: '(plan) => backup()', holds: isFunction },
};

/** @throws ConfigError that names every unknown or malformed option with its mend. */
export function checkConnectOptions(options: ConnectOptions): void {
  checkOptions('The database cannot be opened with these options:', options, RULES);
}
