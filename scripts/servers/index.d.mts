/** Lines of the server's configuration, by their own names. */
export type ServerSettings = Readonly<Record<string, string | number>>;

/** One server process of our own; only this very process is ever signalled. */
export interface ChildServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Undefined while the process does not run. */
  readonly pid: number | undefined;
  /** Starts again after `kill` or `stop`: same port, same folder. */
  start(): Promise<this>;
  /** SIGKILL; resolves once the process is gone. */
  kill(): Promise<void>;
  /** A clean shutdown; resolves once the process is gone. */
  stop(): Promise<void>;
  /** SIGSTOP: sockets stay open and answer nothing. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends the process and removes its folder. */
  close(): Promise<void>;
}

/** A TCP port of 127.0.0.1 that nobody listens on, and that no connection that goes out can take. */
export function freePort(): Promise<number>;

/** The path of the installed server or browser, if there is one. */
export function findRedis(): string | undefined;
export function findPostgres(): string | undefined;
export function findMysql(): string | undefined;
export function findChromium(): string | undefined;

/** `settings` are lines of redis.conf: `{ appendonly: 'yes', appendfsync: 'always' }`. */
export function startRedis(settings?: ServerSettings): Promise<ChildServer>;
/** `settings` are lines of postgresql.conf. */
export function startPostgres(settings?: ServerSettings): Promise<ChildServer>;
/** `settings` are options of the server: `{ 'max-connections': 20 }`. */
export function startMysql(settings?: ServerSettings): Promise<ChildServer>;

/** Whom a server of that package runs as, `undefined` for ourselves. */
export function unprivilegedOwner(account: 'postgres' | 'mysql'): { uid: number; gid: number } | undefined;

/** Throws unless the server answers and lets this user in. */
export function checkSqlServer(url: string): Promise<void>;
/** Makes the empty database `name` (`app_kernel_test_…`) on the server of `url`; answers its own URL. */
export function createDatabase(url: string, name: string): Promise<string>;
/** Drops every database of the server whose name begins with `prefix` (`app_kernel_test_…`); answers their names. */
export function dropDatabases(url: string, prefix: string): Promise<string[]>;
