import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type Koa from 'koa';
import { withoutContext } from '../base/context.js';
import { KernelError } from '../base/errors.js';
import { createHttpServer, type InjectInit, injectRequest, SilentConnections, Unanswered } from '../http/index.js';
import { refuseUnshared } from './cluster/refuse-unshared.js';
import { workerPlace } from './env/index.js';
import { DEFAULT_SHUTDOWN_TIMEOUT_MS, type KernelRuntime } from './kernel-runtime.js';
import { closeOnSignals, type FarewellOptions } from './process-signals.js';

export interface ServiceRuntimeOptions {
  /** Longest graceful shutdown, ms. Default 30 s. */
  shutdownTimeoutMs?: number;
}

const DEFAULT_PORT = 8000;
const IDLE_SWEEP_MS = 50;

/** A service made by `createService`: `await service.listen(8000)` runs it, `await service.close()` ends it. */
export class Service {
  /** A real Koa application: `service.app.use`, `service.app.context`, … */
  readonly app: Koa;
  readonly kernel: KernelRuntime;
  readonly #shutdownTimeoutMs: number;
  #listener: RequestListener | undefined;
  #server: Server | undefined;
  #unanswered: Unanswered | undefined;
  #silent: SilentConnections | undefined;
  #closing: Promise<void> | undefined;
  #forgetSignals: () => void = () => {};

  constructor(app: Koa, kernel: KernelRuntime, { shutdownTimeoutMs }: ServiceRuntimeOptions = {}) {
    this.app = app;
    this.kernel = kernel;
    this.#shutdownTimeoutMs = shutdownTimeoutMs ?? DEFAULT_SHUTDOWN_TIMEOUT_MS;
  }

  /** Connects, migrates, seeds and starts the workers, without listening. Idempotent. */
  ready(): Promise<void> {
    return this.kernel.ready();
  }

  /** `ready()`, then accepts traffic; 0 picks a free port. SIGTERM and SIGINT close the service from now on. */
  async listen(port: number = DEFAULT_PORT, host?: string): Promise<Server> {
    if (this.#server) throw new KernelError('E_LISTENING', `The service listens on port ${this.port} already`);
    await this.ready();
    await this.#refuseUnshared();
    if (this.#closing || this.kernel.services.isClosed) {
      throw new KernelError('E_NOT_STARTED', 'The service has been closed; make a new one to listen again');
    }
    const server = createHttpServer(this.callback(), { production: this.kernel.environment === 'prod' });
    this.#server = server;
    this.#silent = new SilentConnections(server);
    this.#unanswered = new Unanswered(server);
    this.#forgetSignals = closeOnSignals(this, { logger: this.kernel.logger, timeoutMs: this.#shutdownTimeoutMs });
    try {
      withoutContext(() => server.listen(port, host));
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      await this.close();
      throw explained(error, port);
    }
    this.kernel.logger.info({ port: this.port }, `Listening on http://${host ?? 'localhost'}:${this.port}`);
    return server;
  }

  /** The port the service listens on. @throws KernelError before `listen`. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    if (address) return address.port;
    throw new KernelError('E_NOT_STARTED', 'The service does not listen; call listen(port) first');
  }

  /** What a Node server of your own is made with. */
  callback(): RequestListener {
    this.#listener ??= this.app.callback() as RequestListener;
    return this.#listener;
  }

  /** Sends a request through the whole pipeline in this process, without a socket. */
  async inject(input: Request | URL | string, init?: InjectInit): Promise<Response> {
    if (!this.kernel.isClosed) await this.ready();
    return withoutContext(() => injectRequest(this.callback(), input, init));
  }

  /**
   * Readiness falls, open requests finish, workers finish or give their jobs back, pools close. Idempotent.
   * @throws AggregateError naming what would not close; everything else is closed all the same.
   */
  close(options: FarewellOptions = {}): Promise<void> {
    this.#closing ??= this.#shutDown(options).finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #shutDown({ idleMs = 0, isReplaced = false }: FarewellOptions): Promise<void> {
    if (isReplaced) this.kernel.streams.drain();
    else this.kernel.drain();
    this.#forgetSignals();
    const server = this.#server;
    const start = performance.now();
    if (server) await this.#drain(server, idleMs);
    this.#server = undefined;
    await this.kernel.close({ timeoutMs: this.#shutdownTimeoutMs - (performance.now() - start) });
  }

  /** Takes no more connections, lets open requests finish, ends idle connections, and at the time limit all of them. */
  async #drain(server: Server, idleMs: number): Promise<void> {
    this.#unanswered?.announceEnd();
    // Not yet the close of an HTTP server, which ends idle connections at once, also one that a request is on its way to.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    const idleUntil = performance.now() + Math.min(idleMs, this.#shutdownTimeoutMs);
    // An answer whose headers had been sent keeps its connection, also when the server no longer listens.
    const sweep = (): void => {
      if (performance.now() < idleUntil) return;
      server.closeIdleConnections();
      this.#silent?.close();
    };
    sweep();
    const sweeps = setInterval(sweep, IDLE_SWEEP_MS);
    const limit = setTimeout(() => this.#cutOff(server), this.#shutdownTimeoutMs);
    await closed;
    clearInterval(sweeps);
    clearTimeout(limit);
    server.close(); // ends the timer that looks for slow requests
  }

  async #refuseUnshared(): Promise<void> {
    const place = workerPlace();
    if (!place) return;
    const { redis, settings } = this.kernel;
    const databaseInMemory = settings.databaseUrl?.endsWith(':memory:') ?? false;
    try {
      refuseUnshared(place, { redisInMemory: redis.isFake, databaseInMemory });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #cutOff(server: Server): void {
    const fields = { requests: this.#unanswered?.count, timeoutMs: this.#shutdownTimeoutMs };
    this.kernel.logger.warn(fields, 'Requests outlived the shutdown limit and were cut off');
    server.closeAllConnections();
  }
}

function explained(error: unknown, port: number): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return error;
  return new KernelError('E_LISTENING', `Port ${port} is taken; listen on another one`, { cause: error });
}
