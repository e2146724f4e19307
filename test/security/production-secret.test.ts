import { initAppKernel, type KernelSettingsInput, kernelSettings } from 'app-kernel';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { checkJwtSecret } from '../../src/service/env/index.js';

const GOOD = 'k9V2m-Qx7TzP4wLr8sYb1nHd6fJc3gEa';

describe('row 5: production refuses a secret that can be guessed', () => {
  const init = (auth: KernelSettingsInput['auth'], environment: 'prod' | 'dev') => () =>
    initAppKernel(new Koa(), kernelSettings({ auth, redis: { url: null } }), { environment });

  it.each(['', 'secret', 'too-short', ' '.repeat(40), 'a'.repeat(40), 'abab'.repeat(10)])(
    'also on an application of its own: "%s"',
    (tokenSecret) => {
      expect(init({ tokenSecret }, 'prod')).toThrow(/jwt_secret/);
      expect(init({ tokenSecret }, 'dev')).not.toThrow();
    },
  );

  it('takes a good one, and none where nothing is signed', () => {
    expect(init({ tokenSecret: GOOD }, 'prod')).not.toThrow();
    expect(init({ tokenSecret: '', enabled: false }, 'prod')).not.toThrow();
    expect(checkJwtSecret({ jwtSecret: GOOD })).toEqual([true, '']);
    expect(checkJwtSecret({ jwtSecret: '0123456789abcdef0123456789abcdef' })).toEqual([true, '']);
  });
});
