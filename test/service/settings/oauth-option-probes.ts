import type { ServiceOptions } from 'app-kernel';
import { expect } from 'vitest';
import { startedService } from '../setup/fresh-service.js';
import type { Probe } from './probe.js';

type OAuthOption = 'oauthGoogle' | 'oauthGithub' | 'oauthEndpoints' | 'oauthRedirectUrls' | 'publicUrl';

const oauthGoogle = ['probed-client', 'probed-secret'] as const;

/** Where the browser is sent. */
async function start(options: Partial<ServiceOptions>, path = 'google'): Promise<URL> {
  const response = await (await startedService(options)).inject(`/api/v1/auth/oauth/${path}`);
  return new URL(response.headers.get('location') ?? '', 'http://nowhere');
}

export const oauthOptionProbes: Record<OAuthOption, Probe> = {
  oauthGoogle: async () => expect((await start({ oauthGoogle })).searchParams.get('client_id')).toBe('probed-client'),
  oauthGithub: async () => {
    const url = await start({ oauthGithub: ['hub-client', 'hub-secret'] }, 'github');
    expect([url.hostname, url.searchParams.get('client_id')]).toEqual(['github.com', 'hub-client']);
  },
  oauthEndpoints: async () => {
    const oauthEndpoints = { google: { authorize: 'http://127.0.0.1:9/probed' } };
    expect((await start({ oauthGoogle, oauthEndpoints })).pathname).toBe('/probed');
  },
  oauthRedirectUrls: async () => {
    const path = 'google?redirect_uri=https://app.example/in';
    expect((await start({ oauthGoogle }, path)).hostname).toBe('nowhere');
    const url = await start({ oauthGoogle, oauthRedirectUrls: ['https://app.example/in'] }, path);
    expect(url.hostname).toBe('accounts.google.com');
  },
  publicUrl: async () => {
    const callback = async (options: Partial<ServiceOptions>) =>
      (await start({ oauthGoogle, ...options })).searchParams.get('redirect_uri');
    expect(await callback({ publicUrl: 'https://api.example' })).toMatch(/^https:\/\/api\.example\/api\/v1\/auth/);
    expect(await callback({})).toMatch(/^http:\/\/localhost:8000\//);
  },
};
