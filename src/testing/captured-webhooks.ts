import type { Clock } from '../base/clock.js';
import { KernelError } from '../base/errors.js';
import { sleep } from '../base/sleep.js';
import { KernelWebhookDelivery, type WebhookRequest, webhookService } from '../features/webhooks/index.js';
import type { Service } from '../service/service.js';

/** A webhook that was sent, and did not leave the process. */
export interface CapturedWebhook extends WebhookRequest {
  /** The same in every attempt. */
  id: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read data of every shape
  data: any;
}

const TAKEN = 204;
const PATIENCE_MS = 10_000;
const LOOK_MS = 10;

/** Receivers that take every webhook, and remember it. */
export class CapturedWebhooks {
  readonly #captured: CapturedWebhook[] = [];

  readonly standIn = (request: WebhookRequest): number => {
    const { event, data } = JSON.parse(request.body) as { event: string; data: unknown };
    this.#captured.push({ ...request, id: request.headers['webhook-id'] ?? '', event, data });
    return TAKEN;
  };

  /**
   * Those sent so far, oldest first; what is due is waited for.
   * @throws KernelError `E_TEST` when it does not go out within 10 s
   */
  async sent({ kernel }: Service, clock: Clock): Promise<readonly CapturedWebhook[]> {
    if (!kernel.services.get(webhookService)) return [];
    const where = '[status] = ? OR ([status] = ? AND [next_attempt_at] <= ?)';
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const params = ['sending', 'pending', new Date(clock.now())];
      if ((await KernelWebhookDelivery.count({ where, params, db: kernel.database })) === 0) return [...this.#captured];
      if (patience.aborted) throw new KernelError('E_TEST', 'Webhooks are due, and were not sent within 10 s');
      await sleep(LOOK_MS);
    }
  }
}
