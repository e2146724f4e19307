import { inspect } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { freshService, releaseServices } from '../service/setup/fresh-service.js';

afterEach(releaseServices);

it.each(['postgresql://app:can/ary#pw@db:5432/app', 'mysql://app:can?ary@db:port/app', 'canary'])(
  'row 56: a start that fails for a database URL that cannot be read does not print its password: %s',
  async (databaseUrl) => {
    const error = await freshService({ databaseUrl })
      .ready()
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.stringContaining('databaseUrl') });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/can[/?]?ary[#@]/);
  },
);
