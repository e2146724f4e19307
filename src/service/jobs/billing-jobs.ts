import { KernelError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import { ambientService, type ServiceKey, type Services, serviceKey } from '../../base/services.js';
import type { BillingService, DriftReport, Inbox } from '../../features/billing/index.js';
import type { JobQueue, JobRegistry } from '../../jobs/index.js';

const SYNC = 'kernel.billing_sync';
const RECONCILE = 'kernel.billing_reconcile';
const RETRY_DELAYS_MS = [5_000, 30_000, 120_000, 600_000];

interface BillingJobsOptions {
  billing: BillingService;
  inbox: Inbox;
  queue: JobQueue;
  registry: JobRegistry;
  services: Services;
  logger: Logger;
}

const billingJobsService: ServiceKey<BillingJobs> = serviceKey('billing jobs');

/** What billing does in the background: telling Stripe of the catalog, comparing what was paid with it. */
export class BillingJobs {
  readonly #options: BillingJobsOptions;
  #isStarted = false;

  constructor(options: BillingJobsOptions) {
    this.#options = options;
    const { registry, services } = options;
    const limits = { retryDelaysMs: RETRY_DELAYS_MS, concurrency: 1 };
    registry.register(SYNC, syncCatalog, { ...limits, maxAttempts: 12, timeoutMs: 600_000 });
    registry.register(RECONCILE, reconcile, { ...limits, maxAttempts: 3, timeoutMs: 1_800_000 });
    services.provide(billingJobsService, this);
  }

  /** Tells Stripe what has changed. That Stripe is away holds up no start: a job tries again. */
  async start(cron: string): Promise<void> {
    const { queue, logger, billing } = this.#options;
    try {
      await billing.sync.syncCatalog();
    } catch (error) {
      logger.warn({ err: error }, 'Stripe could not be told of the catalog at the start; a job tries again');
      await queue.enqueue(SYNC, {}, { delayMs: RETRY_DELAYS_MS[0] ?? 0 });
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

  syncCatalog(): Promise<{ products: number; prices: number }> {
    return this.#options.billing.sync.syncCatalog();
  }

  async reconcile(): Promise<DriftReport> {
    const { billing, inbox, logger } = this.#options;
    await inbox.prune();
    const report = await billing.sync.reconcileAllSubscriptions();
    const { checked, ...differences } = report;
    if (Object.values(differences).some(({ length }) => length > 0))
      logger.warn({ drift: report }, 'Billing and Stripe differed; see the drift report');
    else logger.info({ checked }, 'Billing and Stripe agree');
    return report;
  }
}

/** One function for every kernel: what it needs comes from the one whose worker runs it. */
async function syncCatalog(): Promise<{ products: number; prices: number }> {
  return ambientJobs().syncCatalog();
}

/** Its result is the drift report. */
async function reconcile(): Promise<DriftReport> {
  return ambientJobs().reconcile();
}

function ambientJobs(): BillingJobs {
  const jobs = ambientService(billingJobsService);
  if (!jobs) throw new KernelError('E_NOT_STARTED', 'There is no billing: give createService a stripeSecretKey');
  return jobs;
}
