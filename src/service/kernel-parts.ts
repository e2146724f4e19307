import type { Clock } from '../base/clock.js';
import type { Logger } from '../base/ports.js';
import type { PasswordHasher, UserStore } from '../features/auth/index.js';
import type { BillingService } from '../features/billing/index.js';
import type { TestRunner } from '../features/self-test/index.js';
import type { WebhookStandIn } from '../features/webhooks/index.js';
import type { Mountable } from '../http/index.js';
import type { JobRegistry } from '../jobs/index.js';
import type { DatabaseHandle, EntityTarget } from '../orm/index.js';
import type { EnvironmentName } from './env/index.js';

/** What a kernel is made of besides its settings: code and objects. */
export interface KernelParts {
  version?: string;
  /** Shown on the docs page. */
  description?: string;
  /** Default: what `APP_ENV` or `ENV` says. */
  environment?: EnvironmentName;
  /** Mounted below `features.kernelPrefix`. */
  routers?: readonly Mountable[];
  /** Default: every `@Entity` class that was imported. */
  entities?: readonly EntityTarget[];
  jobRegistry?: JobRegistry;
  /** Default: the kernel's own accounts. */
  userStore?: UserStore;
  /** Default: bcrypt at its full cost. */
  passwordHasher?: PasswordHasher;
  admin?: { email: string; password: string };
  schemaInit?: (db: DatabaseHandle) => unknown;
  dbSeed?: (db: DatabaseHandle) => unknown;
  seedBilling?: (db: DatabaseHandle, billing: BillingService) => unknown;
  onStartup?: () => unknown;
  onShutdown?: () => unknown;
  /** `static/` in it is served. */
  rootDir?: string;
  /** Self-tests, each at `POST /test/<name>`. */
  testRunners?: readonly TestRunner[];
  /** Takes webhooks in place of the network, for tests. */
  webhookStandIn?: WebhookStandIn;
  trustProxy?: number;
  logger?: Logger;
  /** Default: the system's. */
  clock?: Clock;
  /** Ids of new rows; default UUIDv7. */
  newId?: (table: string) => string;
}
