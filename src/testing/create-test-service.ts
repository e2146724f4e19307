import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomToken } from '../base/ids.js';
import { silentLogger } from '../base/ports.js';
import { createPasswordHasher } from '../features/auth/index.js';
import { type CapturedEmail, mailerService } from '../features/email/index.js';
import { assembleService } from '../service/create-service.js';
import type { Service } from '../service/service.js';
import type { ServiceOptions } from '../service/settings/options.js';
import { type CapturedWebhook, CapturedWebhooks } from './captured-webhooks.js';
import { countedIds } from './counted-ids.js';
import { StripeStandIn } from './stripe-stand-in/stripe-stand-in.js';
import { TestClient } from './test-client.js';
import { TestClock, type Time } from './test-clock.js';
import { type NewTestUser, TestPeople, type TestUser } from './test-people.js';

/** Every option of `createService`, and what only a test has. */
export interface TestServiceOptions extends Partial<ServiceOptions> {
  /** Where the service's clock stands still. Default: it runs on from the real time. */
  now?: Time;
  /** `counted` ids are the same in every run. Default for a database in memory; others have random ones. */
  ids?: 'counted' | 'random';
  /** Whether webhooks are kept instead of sent. Default true, unless `webhooks.allowedNetworks` names where receivers are. */
  captureWebhooks?: boolean;
}

/** What it sends itself it sends as nobody. Close it at the end: `await using test = await createTestService()`. */
export interface TestService extends Pick<TestClient, 'get' | 'post' | 'put' | 'patch' | 'delete'>, AsyncDisposable {
  readonly service: Service;
  /** `service.inject`: a request through the whole pipeline, without a socket. */
  readonly inject: Service['inject'];
  /** The time of the service: `clock.advance(3_600_000)` is an hour later. */
  readonly clock: TestClock;
  /** Signs somebody in, by a name or by what they are; their account is made where there is none. */
  loginAs<Workspace extends string = never>(user: string | NewTestUser<Workspace>): Promise<TestUser<Workspace>>;
  /** Mails sent so far, oldest first. They did not leave the process. */
  mails(): readonly CapturedEmail[];
  /**
   * Stripe’s stand-in, which every service with `stripeSecretKey` or `seedBilling` talks to unless `stripeApiBase` says otherwise.
   * `stripe.pay(url)` pays, `await stripe.deliver()` hands over the events.
   */
  readonly stripe: StripeStandIn;
  /** Webhooks sent so far, oldest first; what is due is waited for. They did not leave the process. */
  webhooks(): Promise<readonly CapturedWebhook[]>;
  /** Ends the service and removes its files. */
  close(): Promise<void>;
}

/** Nothing that a test pays is paid at Stripe itself. */
function isPaidAtStandIn({ stripeSecretKey, stripeApiBase, seedBilling }: Partial<ServiceOptions>): boolean {
  return stripeApiBase === undefined && (stripeSecretKey !== undefined || seedBilling !== undefined);
}

async function playedBy(stripe: StripeStandIn) {
  await stripe.listen();
  const { secretKey: stripeSecretKey, webhookSecret: stripeWebhookSecret, url: stripeApiBase } = stripe;
  return { stripeSecretKey, stripeWebhookSecret, stripeApiBase };
}

/** bcrypt's least cost: tests sign in often, and nobody attacks them. */
const TEST_HASH_COST = 4;
const IN_MEMORY = 'sqlite::memory:';

/**
 * A service for tests, in the environment `test`: a database in memory, an in-memory Redis, captured mail, a clock that can
 * be moved, a silent logger. Every option of `createService` may be given.
 */
export async function createTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const { now, ids, captureWebhooks = !options.webhooks?.allowedNetworks?.length, ...serviceOptions } = options;
  const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-test-'));
  const clock = new TestClock(now);
  const { stripeSecretKey: secretKey, stripeWebhookSecret: webhookSecret } = serviceOptions;
  const stripe = new StripeStandIn({ secretKey, webhookSecret, clock });
  const webhooks = new CapturedWebhooks();
  let opened: Service | undefined;
  const close = async (): Promise<void> => {
    try {
      await opened?.close();
    } finally {
      await stripe.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  const open = async (): Promise<Service> => {
    const given = {
      name: 'test',
      databaseUrl: IN_MEMORY,
      jwtSecret: randomToken(),
      logger: silentLogger,
      dataDir,
      ...serviceOptions,
      ...(isPaidAtStandIn(serviceOptions) && (await playedBy(stripe))),
    };
    const areCounted = (ids ?? (given.databaseUrl === IN_MEMORY ? 'counted' : 'random')) === 'counted';
    opened = assembleService(given, 'test', {
      passwordHasher: createPasswordHasher({ cost: TEST_HASH_COST }),
      clock,
      ...(areCounted && { newId: countedIds() }),
      ...(captureWebhooks && { webhookStandIn: webhooks.standIn }),
    });
    await opened.ready();
    return opened;
  };
  const service = await open().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const { kernelPrefix } = service.kernel.settings.features;
  stripe.receiver = (delivery) => service.inject(`${kernelPrefix}/billing/webhooks/stripe`, delivery);
  const nobody = new TestClient(service);
  const people = new TestPeople(service);
  return {
    service,
    clock,
    inject: (input, init) => service.inject(input, init),
    get: (path, call) => nobody.get(path, call),
    post: (path, body, call) => nobody.post(path, body, call),
    put: (path, body, call) => nobody.put(path, body, call),
    patch: (path, body, call) => nobody.patch(path, body, call),
    delete: (path, call) => nobody.delete(path, call),
    loginAs: (user) => people.loginAs(user),
    mails: () => service.kernel.services.get(mailerService)?.captured.toReversed() ?? [],
    stripe,
    webhooks: () => webhooks.sent(service, clock),
    close,
    [Symbol.asyncDispose]: close,
  };
}
