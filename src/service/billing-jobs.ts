import type { Logger } from '../base/ports.js';
import { type BillingService, type DriftReport, getBilling } from '../features/billing/index.js';
import type { JobQueue, JobRegistry } from '../jobs/index.js';

const SYNC = 'kernel.billing_sync';
const RECONCILE = 'kernel.billing_reconcile';

interface BillingJobsOptions {
  queue: JobQueue;
  registry: JobRegistry;
  logger: Logger;
}

/** What billing does in the background: telling Stripe of the catalog, comparing subscriptions with it. */
export class BillingJobs {
  readonly #options: BillingJobsOptions;
  #isStarted = false;

  constructor(options: BillingJobsOptions) {
    this.#options = options;
    const { registry } = options;
    const retryDelaysMs = [5_000, 30_000, 120_000, 600_000];
    registry.register(SYNC, syncCatalog, { maxAttempts: 12, timeoutMs: 600_000, retryDelaysMs, concurrency: 1 });
    registry.register(RECONCILE, reconcile, { maxAttempts: 3, timeoutMs: 1_800_000, retryDelaysMs, concurrency: 1 });
  }

  /** Tells Stripe what has changed. That Stripe is away holds up no start: a job tries again. */
  async start(billing: BillingService, cron: string): Promise<void> {
    const { queue, logger } = this.#options;
    try {
      await billing.sync.syncCatalog();
    } catch (error) {
      logger.warn({ err: error }, 'Stripe could not be told of the catalog at the start; a job tries again');
      await queue.enqueue(SYNC, {}, { delayMs: 5_000 });
    }
    await queue.enqueue(RECONCILE, {}, { cron, missed: 'skip' });
    this.#isStarted = true;
  }

  /** After a change of the catalog; before the start, the start itself tells Stripe. */
  syncSoon(): void {
    const { queue, logger } = this.#options;
    if (!this.#isStarted) return;
    queue.enqueue(SYNC, {}).catch((error: unknown) => {
      logger.warn({ err: error }, 'Stripe is told of the changed catalog at the next checkout or start');
    });
  }
}

/** One function for every kernel: what it needs comes from the one whose worker runs it. */
async function syncCatalog(): Promise<{ products: number; prices: number }> {
  return getBilling().sync.syncCatalog();
}

/** Its result is the drift report. */
async function reconcile(): Promise<DriftReport> {
  return getBilling().sync.reconcileAllSubscriptions();
}
