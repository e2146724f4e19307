import { afterEach, describe, expect, it } from 'vitest';
import { assembleService } from '../../src/service/create-service.js';
import type { EnvironmentName } from '../../src/service/env/index.js';
import type { ServiceOptions } from '../../src/service/settings/options.js';
import { freshOptions, releaseServices, track } from '../service/setup/fresh-service.js';

const SECRET = 'a-secret-of-more-than-32-characters';

afterEach(releaseServices);

describe('captured mails hold links that sign people in', () => {
  const status = async (
    environment: EnvironmentName,
    options: Partial<ServiceOptions> = {},
    headers: Record<string, string> = {},
  ): Promise<number> => {
    const service = track(assembleService(freshOptions({ jwtSecret: SECRET, ...options }), environment));
    return (await service.inject('/_kernel/mail', { headers })).status;
  };

  it('a developer sees them on their own machine', async () => {
    for (const environment of ['dev', 'development', 'local', 'test'] as const) {
      expect(await status(environment)).toBe(200);
    }
  });

  it('on a shared machine they are for admins: a proxy there may look like a local caller', async () => {
    for (const environment of ['staging', 'uat'] as const) expect(await status(environment)).toBe(401);
    expect(await status('dev', { trustProxy: 1 })).toBe(401);
  });

  it('a page of another origin does not see them, also in a browser that sends no Sec-Fetch-Site', async () => {
    expect(await status('dev', {}, { origin: 'https://evil.example' })).toBe(401);
    expect(await status('dev', {}, { origin: 'null' })).toBe(401);
    expect(await status('dev', {}, { 'x-forwarded-host': 'evil.example' })).toBe(401);
  });
});
