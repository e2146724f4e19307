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

export interface TestService {
  readonly service: Service;
  /** `service.inject`: a request through the whole pipeline, without a socket. */
  readonly inject: Service['inject'];
  /** Mails sent so far, oldest first. They did not leave the process. */
  mails(): readonly CapturedEmail[];
  /** Ends the service and removes its files. */
  close(): Promise<void>;
}

/** bcrypt's least cost: tests sign in often, and nobody attacks them. */
const TEST_HASH_COST = 4;

/**
 * A service for tests, in the environment `test`: a database in memory, an in-memory Redis, captured mail, a silent
 * logger. Every option of `createService` may be given.
 */
export async function createTestService(options: Partial<ServiceOptions> = {}): Promise<TestService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'app-kernel-test-'));
  const defaults = {
    name: 'test',
    databaseUrl: 'sqlite::memory:',
    jwtSecret: randomToken(),
    logger: silentLogger,
    dataDir,
  };
  const service = assembleService({ ...defaults, ...options }, 'test', {
    passwordHasher: createPasswordHasher({ cost: TEST_HASH_COST }),
  });
  const close = async (): Promise<void> => {
    try {
      await service.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  };
  try {
    await service.ready();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    service,
    inject: (input, init) => service.inject(input, init),
    mails: () => service.kernel.services.get(mailerService)?.captured.toReversed() ?? [],
    close,
  };
}
