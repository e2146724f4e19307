import { describe, expect, it } from 'vitest';
import { loadedPackages } from './loaded-packages.js';

const HTTP = ['koa', '@koa/router', '@koa/cors', 'koa-body', 'koa-helmet', 'helmet', 'light-my-request'];
const REDIS = ['ioredis', 'ioredis-mock'];
const SQL = ['better-sqlite3', 'pg', 'mysql2'];
const SERVICE = ['stripe', 'bcrypt', 'jsonwebtoken', 'nodemailer', 'pino', 'prom-client', 'commander', 'dotenv'];

/** What an import of a subpath must leave unloaded. */
const UNLOADED = {
  'app-kernel/orm': [...HTTP, ...REDIS, ...SQL, ...SERVICE],
  'app-kernel/jobs': [...HTTP, ...SQL, ...SERVICE],
  'app-kernel': [...SQL, 'stripe'],
  'app-kernel/testing': [...SQL, 'stripe'],
  'app-kernel/browser': [...HTTP, ...REDIS, ...SQL, ...SERVICE, 'zod', 'undici'],
};

describe('importing a subpath', () => {
  for (const [specifier, unloaded] of Object.entries(UNLOADED)) {
    it(`loads only what it needs (${specifier})`, async () => {
      const loaded = await loadedPackages(specifier);
      expect(loaded.filter((name) => unloaded.includes(name))).toEqual([]);
    });
  }

  it('is seen by this test when it loads a package', async () => {
    expect(await loadedPackages('koa')).toContain('koa');
    expect(await loadedPackages('app-kernel')).toContain('koa');
  });
});
