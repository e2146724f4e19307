import type { CorsSettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import type { Probes } from './probe.js';

const ORIGIN = 'https://page.example';
const OTHER = 'https://other.example';

async function headersOf(cors: Partial<CorsSettings>, origin = ORIGIN, preflight = false): Promise<Headers> {
  const { send } = await openKernel({ cors: cors as never });
  const asked = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'x-probe' };
  const init = preflight ? { method: 'OPTIONS', headers: { origin, ...asked } } : { headers: { origin } };
  return (await send('/healthz', init)).headers;
}

export const corsProbes: Probes<CorsSettings> = {
  enabled: async () => {
    expect((await headersOf({ enabled: false })).get('access-control-allow-origin')).toBeNull();
  },
  allowOrigins: async () => {
    const allowOrigins = [ORIGIN];
    expect((await headersOf({ allowOrigins })).get('access-control-allow-origin')).toBe(ORIGIN);
    expect((await headersOf({ allowOrigins }, OTHER)).get('access-control-allow-origin')).toBeNull();
  },
  allowCredentials: async () => {
    const allowOrigins = [ORIGIN];
    expect((await headersOf({ allowOrigins })).get('access-control-allow-credentials')).toBe('true');
    const without = await headersOf({ allowOrigins, allowCredentials: false });
    expect(without.get('access-control-allow-credentials')).toBeNull();
  },
  allowMethods: async () => {
    const headers = await headersOf({ allowMethods: ['GET', 'PATCH'] }, ORIGIN, true);
    expect(headers.get('access-control-allow-methods')?.split(/,\s*/)).toEqual(['GET', 'PATCH']);
  },
  allowHeaders: async () => {
    const headers = await headersOf({ allowHeaders: ['x-allowed'] }, ORIGIN, true);
    expect(headers.get('access-control-allow-headers')?.toLowerCase()).toBe('x-allowed');
    const all = await headersOf({}, ORIGIN, true);
    expect(all.get('access-control-allow-headers')?.toLowerCase()).toMatch(/x-probe|\*/);
  },
  exposeHeaders: async () => {
    const headers = await headersOf({ exposeHeaders: ['X-Own'] });
    expect(headers.get('access-control-expose-headers')).toBe('X-Own');
  },
};
