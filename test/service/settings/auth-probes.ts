import { type AuthSettings, requireAuth } from 'app-kernel';
import jwt from 'jsonwebtoken';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { claimsOf, json, signUp } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

const AUTH = { authPath: '/auth' };

export const authProbes: Probes<AuthSettings> = {
  tokenSecret: async () => {
    const tokenSecret = 'another-secret-of-32-characters!!';
    const { send } = await openKernel({ auth: { tokenSecret } });
    const { accessToken } = await signUp(send, 'a@example.com', AUTH);
    expect(() => jwt.verify(accessToken, tokenSecret, { algorithms: ['HS256'] })).not.toThrow();
    expect(() => jwt.verify(accessToken, 'a-secret-of-32-characters-or-more')).toThrow(/signature/);
  },
  accessTokenExpiresMinutes: async () => {
    const { send, kernel } = await openKernel({ auth: { accessTokenExpiresMinutes: 7 } });
    const { accessToken, expiresIn } = await signUp(send, 'a@example.com', AUTH);
    const { exp, iat } = claimsOf(accessToken);
    expect([expiresIn, exp - iat, kernel.authConfig.accessTokenExpiresMinutes]).toEqual([420, 420, 7]);
  },
  refreshTokenExpiresDays: async () => {
    const { send, kernel } = await openKernel({ auth: { refreshTokenExpiresDays: 3 } });
    const { refreshToken } = await signUp(send, 'a@example.com', AUTH);
    const { exp, iat } = claimsOf(refreshToken);
    expect(Math.round((exp - iat) / 86_400)).toBe(3);
    expect(kernel.authConfig.refreshTokenExpiresDays).toBe(3);
  },
  enabled: async () => {
    const off = await openKernel(
      { auth: { enabled: false } },
      { use: (ctx, next) => (ctx.path === '/mine' ? requireAuth(ctx, next) : next()) },
    );
    expect((await off.send('/auth/login', json({ username: 'a@example.com', password: 'x' }))).status).toBe(404);
    const { send } = await openKernel();
    const { headers } = await signUp(send, 'a@example.com', AUTH);
    expect((await off.send('/mine', { headers })).status).toBe(401);
  },
};
