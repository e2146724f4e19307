import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../../src/base/context.js';
import { Services } from '../../../src/base/services.js';
import { environmentService, getEnv, isDev, isProd, isStaging, isTest, isUat } from '../../../src/service/env/index.js';

describe('the environment', () => {
  it.each([
    [{}, 'prod'],
    [{ ENV: 'prod' }, 'prod'],
    [{ ENV: 'production' }, 'prod'],
    [{ ENV: 'stagin' }, 'prod'],
    [{ ENV: '' }, 'prod'],
    [{ ENV: 'dev' }, 'dev'],
    [{ ENV: ' Development ' }, 'development'],
    [{ ENV: 'local' }, 'local'],
    [{ ENV: 'uat' }, 'uat'],
    [{ ENV: 'STAGING' }, 'staging'],
    [{ ENV: 'test' }, 'test'],
    [{ APP_ENV: 'uat', ENV: 'dev' }, 'uat'],
    [{ APP_ENV: 'live', ENV: 'dev' }, 'prod'],
    [{ APP_ENV: '', ENV: 'dev' }, 'dev'],
    [{ NODE_ENV: 'development' }, 'prod'],
  ])('of %j is %s', (variables, expected) => {
    expect(getEnv(variables)).toBe(expected);
    expect(isProd(variables)).toBe(expected === 'prod');
    expect(isDev(variables)).toBe(['dev', 'development', 'local'].includes(expected));
    expect(isStaging(variables)).toBe(expected === 'staging');
    expect(isUat(variables)).toBe(expected === 'uat');
    expect(isTest(variables)).toBe(expected === 'test');
  });

  it('is the one that the running kernel was started as', () => {
    const services = new Services();
    services.provide(environmentService, 'dev');
    runWithContext({ services }, () => {
      expect(getEnv()).toBe('dev');
      expect(isProd()).toBe(false);
      expect(getEnv({ ENV: 'prod' })).toBe('prod');
    });
    services.close();
  });
});
