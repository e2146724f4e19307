import { StripeAccess } from '../../features/billing/index.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, networkReasonOf, ok, warning } from './finding.js';

const SUBJECT = 'stripe';
const TIMEOUT_MS = 5_000;
const KEYS = 'https://dashboard.stripe.com/apikeys';

/** Is Stripe there, does it take our key, and can its events be taken? One thing is read, nothing is written. */
export async function checkStripe({ billing }: KernelSettings): Promise<Finding[]> {
  if (billing.secretKey === null) return [];
  return [await keyFinding(billing.secretKey, billing), eventFinding(billing.webhookSecret)];
}

async function keyFinding(
  secretKey: string,
  { apiBase, timeoutSeconds }: Pick<KernelSettings['billing'], 'apiBase' | 'timeoutSeconds'>,
): Promise<Finding> {
  const where = apiBase === null ? 'api.stripe.com' : new URL(apiBase).host;
  const timeoutMs = Math.min(timeoutSeconds * 1_000, TIMEOUT_MS);
  const stripe = new StripeAccess({ secretKey, apiBase, timeoutMs, retries: 0 });
  try {
    await stripe.ask((client) => client.products.list({ limit: 1 }));
    return ok(SUBJECT, `${where} takes the key, for its ${stripe.mode} mode`);
  } catch (error) {
    return faultOf(where, error instanceof Error ? error.cause : undefined);
  }
}

/** By the kind alone: what Stripe, or who stands in its place, says may hold the key. */
function faultOf(where: string, cause: unknown): Finding {
  const { type, statusCode, detail } = (cause ?? {}) as { type?: string; statusCode?: number; detail?: unknown };
  if (type === 'StripeAuthenticationError')
    return fault(SUBJECT, `${where} does not take the key`, `Set stripeSecretKey to a secret key of ${KEYS}`);
  if (type === 'StripePermissionError') {
    const mend = `Give it the rights for what the service does, products and prices among them: ${KEYS}`;
    return fault(SUBJECT, `${where} takes the key, which may not read products`, mend);
  }
  if (type === 'StripeRateLimitError')
    return warning(SUBJECT, `${where} is asked too often with this key to answer`, 'Look again in a minute');
  if (statusCode !== undefined) {
    const mend = 'Look again in a minute; see https://status.stripe.com, and stripeApiBase where it is set';
    return fault(SUBJECT, `${where} answers ${statusCode}`, mend);
  }
  const mend = 'Let the service reach it through the firewall; leave stripeApiBase out but for tests';
  return fault(SUBJECT, `${where} cannot be reached (${networkReasonOf(detail)})`, mend);
}

function eventFinding(webhookSecret: string | null): Finding {
  if (webhookSecret !== null) return ok(SUBJECT, 'its events are taken where they are signed with the webhook secret');
  const message = 'no webhook secret is named: its events are refused, and payments are seen late or never';
  return warning(
    SUBJECT,
    message,
    'Set stripeWebhookSecret to the signing secret of the endpoint that Stripe sends to',
  );
}
