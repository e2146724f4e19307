import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT, startNode } from './setup/child.js';
import { freshFolder, freshOptions, freshService, releaseServices } from './setup/fresh-service.js';
import { json, login, sendTo } from './setup/http-calls.js';
import { KeptLog } from './setup/kept-log.js';

const ADMIN = { email: 'Root@Example.com', password: 'first-admin-of-the-house' };

afterEach(releaseServices);

describe('the admin option', () => {
  it('makes an account that logs in with the power of an admin', async () => {
    const service = freshService({ admin: ADMIN });
    await service.ready();
    const send = sendTo(service);

    const { headers } = await login(send, ADMIN.email, { password: ADMIN.password });

    expect(await (await send('/api/v1/auth/me', { headers })).json()).toMatchObject({
      email: 'root@example.com',
      role: 'admin',
    });
    expect((await send('/metrics', { headers })).status).toBe(200);
  });

  it('keeps the account and its password at the next start', async () => {
    const options = freshOptions({ admin: ADMIN });
    const first = freshService(options);
    await first.ready();
    const before = await login(sendTo(first), ADMIN.email, { password: ADMIN.password });
    const changed = await first.inject('/api/v1/auth/change-password', {
      ...json({ old_password: ADMIN.password, new_password: 'changed-by-its-owner' }, { headers: before.headers }),
    });
    expect(changed.status).toBe(200);
    await first.close();

    const second = freshService(options);
    await second.ready();
    const after = await login(sendTo(second), ADMIN.email, { password: 'changed-by-its-owner' });
    const refused = await second.inject(
      '/api/v1/auth/login',
      json({ username: ADMIN.email, password: ADMIN.password }),
    );

    expect(after.id).toBe(before.id);
    expect(refused.status).toBe(401);
  });

  it('never logs the password', async () => {
    const logger = new KeptLog();
    const service = freshService({ admin: ADMIN, logger });
    await service.ready();
    await login(sendTo(service), ADMIN.email, { password: ADMIN.password });
    await service.close();

    expect(logger.lines.length).toBeGreaterThan(0);
    expect(logger.text).not.toContain(ADMIN.password);
  });

  it('never prints the password, also not with the most talkative built-in logger', async () => {
    const folder = freshFolder();
    const script = join(folder, 'service.mjs');
    const library = JSON.stringify(join(ROOT, 'dist/index.js'));
    writeFileSync(
      script,
      `import { createService, ServiceConfig } from ${library};
       const service = createService({ name: 'talkative', databaseUrl: 'sqlite::memory:', entities: [],
         admin: ${JSON.stringify(ADMIN)}, config: new ServiceConfig({ logLevel: 'trace' }) });
       await service.ready();
       const body = JSON.stringify({ username: ${JSON.stringify(ADMIN.email)}, password: ${JSON.stringify(ADMIN.password)} });
       const answer = await service.inject('/api/v1/auth/login', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
       await service.close();
       process.exitCode = answer.status === 200 ? 0 : 1;`,
    );
    const { code, stdout, stderr } = await startNode(script, [], { cwd: folder, env: { ENV: 'dev' } }).ended();

    expect(code, stderr).toBe(0);
    expect(stdout.length).toBeGreaterThan(0);
    expect(`${stdout}${stderr}`).not.toContain(ADMIN.password);
    expect(readFileSync(join(folder, '.data/development-secret'), 'utf8').length).toBeGreaterThanOrEqual(32);
  });

  it('refuses a password that the house does not allow to anybody', async () => {
    const start = async (password: string) => freshService({ admin: { email: 'root@example.com', password } }).ready();

    await expect(start('short')).rejects.toThrow(/password/i);
    await expect(start('password1')).rejects.toThrow(/password/i);
  });
});
