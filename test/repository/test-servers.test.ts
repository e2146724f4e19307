import { afterEach, describe, expect, it, vi } from 'vitest';
import { EMBEDDED_ONLY, provideServers } from '../../scripts/steps/test-servers.mjs';

describe('the servers of a test run', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('must answer where they are given by name, and a password is not shown', async () => {
    vi.stubEnv('TEST_POSTGRES_URL', 'postgresql://ada:secret@127.0.0.1:1/app');
    const refusal = await provideServers({ required: false }).catch((error: Error) => error);
    expect(refusal).toBeInstanceOf(Error);
    const { message } = refusal as Error;
    expect(message).toContain('TEST_POSTGRES_URL=postgresql://ada:…@127.0.0.1:1/app does not answer');
    expect(message).toContain('Mend or unset it');
    expect(message).not.toContain('secret');
  });

  it('come with a browser, or say how to get one', async () => {
    vi.stubEnv('PATH', '');
    const { untested, close } = await provideServers({ required: false });
    await close();
    expect(untested.at(-1)).toMatch(/browser.*apt-get install chromium/);
  });

  it('are all left out of an embedded run', () => {
    expect(EMBEDDED_ONLY).toEqual({ TEST_POSTGRES_URL: '', TEST_MYSQL_URL: '', TEST_REDIS_URL: '' });
  });
});
