import type { OAuthSettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import type { Probes } from './probe.js';

const CLIENT = { clientId: 'probed-client', clientSecret: 'probed-secret' };
const PUBLIC_URL = 'https://api.example';

/** Where the browser is sent by `GET /auth/oauth/<provider>`, or the refusal. */
async function start(oauth: object, path = '/auth/oauth/google'): Promise<{ status: number; to: URL | null }> {
  const { send } = await openKernel({ oauth: { publicUrl: PUBLIC_URL, ...oauth } });
  const { status, headers } = await send(path, { redirect: 'manual' });
  const location = headers.get('location');
  return { status, to: location === null ? null : new URL(location) };
}

export const oauthProbes: Probes<OAuthSettings> = {
  google: async () => {
    const { to } = await start({ google: CLIENT });
    expect(to?.origin).toBe('https://accounts.google.com');
    expect(to?.searchParams.get('client_id')).toBe('probed-client');
    expect((await start({})).status).toBe(404);
  },
  github: async () => {
    expect((await start({ github: CLIENT }, '/auth/oauth/github')).to?.origin).toBe('https://github.com');
    expect((await start({ google: CLIENT }, '/auth/oauth/github')).status).toBe(400);
  },
  endpoints: async () => {
    const endpoints = { google: { authorize: 'http://127.0.0.1:9/authorize' } };
    expect((await start({ google: CLIENT, endpoints })).to?.origin).toBe('http://127.0.0.1:9');
  },
  publicUrl: async () => {
    const { to } = await start({ google: CLIENT, publicUrl: 'https://elsewhere.example' });
    expect(to?.searchParams.get('redirect_uri')).toBe('https://elsewhere.example/auth/oauth/google/callback');
    await expect(openKernel({ oauth: { google: CLIENT } })).rejects.toThrow(/publicUrl: is needed/);
  },
  redirectUrls: async () => {
    const path = '/auth/oauth/google?redirect_uri=https://app.example/in';
    expect((await start({ google: CLIENT }, path)).status).toBe(400);
    expect((await start({ google: CLIENT, redirectUrls: ['https://app.example/in'] }, path)).status).toBe(307);
  },
};
