import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChildOptions, type Ended, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, freshService, releaseServices, sqliteUrl } from '../service/setup/fresh-service.js';
import { json, login, sendTo } from '../service/setup/http-calls.js';

const MAIN = join(ROOT, 'dist/cli/main.js');

afterEach(releaseServices);

function run(args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  return startNode(MAIN, args, { cwd: freshFolder(), ...options }).ended();
}

describe('app-kernel', () => {
  it('explains itself', async () => {
    const { code, stdout, stderr } = await run(['--help']);

    expect(code, stderr).toBe(0);
    for (const word of ['Usage: app-kernel', 'dev', 'create-admin', 'worker']) expect(stdout).toContain(word);
  });

  it('tells its version', async () => {
    const { code, stdout } = await run(['--version']);
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it.each([[['no-such-command']], [['create-admin', '--no-such-option']], [['create-admin']], [[]]])(
    'ends wrong use (%j) with status 2 and the help',
    async (args) => {
      const { code, stdout, stderr } = await run(args);

      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/Usage/);
    },
  );

  it('names the command that was meant', async () => {
    expect((await run(['create-amin'])).stderr).toMatch(/create-admin/);
  });

  it('refuses TypeScript and missing files for dev, without a stack', async () => {
    for (const entry of ['main.ts', 'missing.js']) {
      const { code, stderr } = await run(['dev', entry]);
      expect(code).toBe(1);
      expect(stderr).toContain(entry);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});

describe('app-kernel dev', () => {
  it('runs a script with its own arguments, again when it changes, until it is told to stop', {
    timeout: 60_000,
  }, async () => {
    const script = join(freshFolder(), 'main.mjs');
    const write = (word: string) =>
      writeFileSync(
        script,
        `console.log('${word}', process.env.APP_ENV, process.argv.slice(2)); setInterval(() => {}, 1e6);`,
      );
    write('first');
    const child = startNode(MAIN, ['dev', script, '--port', '8000', '--help'], { cwd: freshFolder() });
    await child.says(/first dev \[ '--port', '8000', '--help' \]/);
    write('second');
    await child.says(/second dev/);
    child.signal('SIGTERM');
    expect(await child.ended()).toMatchObject({ code: 0 });
  });
});

describe('app-kernel create-admin', () => {
  const EMAIL = 'root@example.com';
  const PASSWORD = 'made-on-the-command-line';

  it('makes an admin in a fresh database, keeps it the second time, and a service lets it in', {
    timeout: 30_000,
  }, async () => {
    const folder = freshFolder();
    const databaseUrl = sqliteUrl(folder);
    const call = (password: string): Promise<Ended> =>
      run(['create-admin', '--email', EMAIL], {
        cwd: folder,
        env: { ENV: 'dev', DATABASE_URL: databaseUrl },
        input: `${password}\n`,
      });

    const first = await call(PASSWORD);
    const second = await call('another-password-altogether');
    const service = freshService({ databaseUrl });
    await service.ready();
    const send = sendTo(service);

    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(EMAIL) });
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining(EMAIL) });
    const { headers } = await login(send, EMAIL, { password: PASSWORD });
    expect(await (await send('/api/v1/auth/me', { headers })).json()).toMatchObject({ role: 'admin' });
    const other = await send('/api/v1/auth/login', json({ username: EMAIL, password: 'another-password-altogether' }));
    expect(other.status).toBe(401);
    for (const output of [first, second]) {
      expect(`${output.stdout}${output.stderr}`).not.toMatch(/made-on-the-command-line|another-password-altogether/);
    }
  });

  it.each([
    ['an empty password', EMAIL, ''],
    ['a short password', EMAIL, 'short'],
    ['what is no address', 'root', PASSWORD],
  ])('refuses %s with status 1 or 2 and without a stack', async (_what, email, password) => {
    const folder = freshFolder();
    const { code, stderr } = await run(['create-admin', '--email', email], {
      cwd: folder,
      env: { ENV: 'dev', DATABASE_URL: sqliteUrl(folder) },
      input: `${password}\n`,
    });

    expect([1, 2]).toContain(code);
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('says which database it cannot open, without its password', async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'a-file'), '');
    const { code, stderr } = await run(['create-admin', '--email', EMAIL], {
      env: { ENV: 'dev', DATABASE_URL: sqliteUrl(folder, 'a-file/app.db') },
      input: `${PASSWORD}\n`,
    });

    expect(code).toBe(1);
    expect(stderr).toMatch(/a-file/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
