import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/servers/index.mjs';
import { type Ended, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices, sqliteUrl } from '../service/setup/fresh-service.js';
import { S3Server } from '../setup/s3-server.js';
import { FAULT_REDIS, REDIS_BACKENDS, SQL_BACKENDS } from '../setup/servers.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const QUICKSTART = [join(ROOT, 'examples/dist/quickstart/service.js'), '--export', 'createQuickstart'];
const SECRET = 'k9!vQ2#xL7@pR4$wN8^tB1&mZ6*cH3(f';

afterEach(releaseServices);

function doctor(args: readonly string[], env: Record<string, string> = {}, cwd = freshFolder()): Promise<Ended> {
  return startNode(MAIN, ['doctor', ...args], { cwd, env }).ended();
}

interface Finding {
  subject: string;
  level: string;
  message: string;
  mend?: string;
}

async function findings(args: readonly string[], env: Record<string, string>, cwd?: string): Promise<Finding[]> {
  const { stdout } = await doctor([...args, '--json'], env, cwd);
  return JSON.parse(stdout) as Finding[];
}

describe('app-kernel doctor', () => {
  it('names every setting that production lacks, each with its mend', { timeout: 30_000 }, async () => {
    const { code, stdout, stderr } = await doctor([]);
    expect(code).toBe(1);
    for (const field of ['databaseUrl', 'redisUrl', 'jwtSecret', 'corsOrigins'])
      expect(stdout).toMatch(new RegExp(`^✗ ${field}: .+\n {4}Set ${field}`, 'm'));
    expect(stderr).toBe('Faults: 4, warnings: 0\n');
  });

  it('looks at the servers that are named all the same', { timeout: 30_000 }, async () => {
    const found = await findings([], { REDIS_URL: `redis://127.0.0.1:${await freePort()}`, JWT_SECRET: SECRET });
    const subjects = found.map(({ subject, level }) => `${subject} ${level}`);
    expect(subjects).toEqual(['databaseUrl fault', 'corsOrigins fault', 'node ok', 'disk ok', 'redis fault']);
  });

  it('names a variable that makes no sense', { timeout: 30_000 }, async () => {
    const found = await findings([], { APP_ENV: 'dev', WORKER_COUNT: 'many', SMTP_PORT: '99999' });
    expect(found.map(({ subject, level }) => [subject, level])).toEqual([
      ['WORKER_COUNT', 'fault'],
      ['SMTP_PORT', 'fault'],
    ]);
  });

  it('reads the .env file of the folder, and is content with a machine of a developer', {
    timeout: 30_000,
  }, async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, '.env'), `APP_ENV=dev\nJWT_SECRET="${SECRET}"\nDATABASE_URL=sqlite:./new/app.db\n`);
    const { code, stdout } = await doctor(['--strict'], {}, folder);
    expect(stdout).not.toMatch(/^[!✗]/m);
    expect(code).toBe(0);
    for (const line of [/settings: app can be made in dev/, /jwtSecret: 32 characters/, /node: \d+/, /disk: [\d,]+ MB/])
      expect(stdout).toMatch(line);
    expect(stdout).toContain('new/app.db is not there yet');
    expect(stdout).not.toContain(SECRET);
  });

  for (const backend of SQL_BACKENDS) {
    it(`looks at the database, and at what the next start would change (${backend.name})`, {
      timeout: 60_000,
    }, async () => {
      const database = await backend.create();
      const env = { APP_ENV: 'dev', DATABASE_URL: database.url };
      const folder = freshFolder();
      const named = (await findings([], env, folder)).filter(({ subject }) => subject === 'database');
      expect(named.filter(({ level }) => level !== 'ok')).toEqual([]);
      const found = (await findings(QUICKSTART, env, folder)).filter(({ subject }) => subject === 'database');
      const text = found.map(({ message }) => message).join('\n');
      if (backend.name === 'sqlite-file') expect(text).toContain('is not there yet');
      else expect(text).toMatch(/answers in [\d.]+ ms[\s\S]*the next start makes \d+ changes of its tables/);
      if (backend.engine !== 'sqlite') expect(text).toMatch(/its clock differs by \d+ ms/);
      await database.drop();
    });
  }

  for (const { name, url } of REDIS_BACKENDS.filter((backend) => backend.url))
    it(`looks at Redis (${name})`, { timeout: 30_000 }, async () => {
      const found = await findings([], { APP_ENV: 'dev', REDIS_URL: url ?? '' });
      const messages = found.filter(({ subject }) => subject === 'redis').map(({ message }) => message);
      expect(messages[0]).toMatch(/answers in [\d.]+ ms/);
      expect(messages.at(-1)).toMatch(/its clock differs by \d+ ms/);
    });

  for (const server of FAULT_REDIS)
    it(`says what a Redis may lose, which counts where it is asked for strictly (${server.name})`, {
      timeout: 60_000,
    }, async () => {
      const redis = await server.start({ 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' });
      const env = { APP_ENV: 'dev', REDIS_URL: redis.url, JWT_SECRET: SECRET };
      const lenient = await doctor([], env);
      const strict = await doctor(['--strict'], env);
      await redis.stop();
      expect(lenient.stdout).toMatch(/^! redis: .*allkeys-lru.*\n {4}Set it to noeviction$/m);
      expect(lenient.stdout).toMatch(/^! redis: .*append-only.*\n {4}Set appendonly yes$/m);
      expect([lenient.code, strict.code]).toEqual([0, 1]);
    });

  it('says which servers are away, without their passwords', { timeout: 60_000 }, async () => {
    const port = await freePort();
    const { code, stdout, stderr } = await doctor([], {
      APP_ENV: 'dev',
      DATABASE_URL: `postgresql://ada:canary1@127.0.0.1:${port}/app`,
      REDIS_URL: `redis://:canary2@127.0.0.1:${port}`,
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(port),
      SMTP_USER: 'ada',
      SMTP_PASSWORD: 'canary3',
      EMAIL_FROM: 'ada@example.com',
    });
    expect(code).toBe(1);
    for (const subject of ['database', 'redis', 'mail'])
      expect(stdout).toMatch(new RegExp(`^✗ ${subject}: .+\n {4}Set `, 'm'));
    expect(stdout + stderr).not.toMatch(/canary\d|\n\s+at /);
  });

  it('looks at the database of records and at the bucket of backups', { timeout: 60_000 }, async () => {
    const bucket = await S3Server.start();
    const folder = freshFolder();
    const named = { APP_ENV: 'dev', JWT_SECRET: SECRET, DATABASE_URL: sqliteUrl(folder, 'app.db') };
    const about = async (env: Record<string, string>) =>
      (await findings([], { ...named, ...env }, folder)).filter(
        ({ level, subject }) => level === 'fault' || /backups|records/.test(subject),
      );
    const good = await about({ ADMIN_DB_URL: sqliteUrl(folder, 'records.db'), BACKUP_STORE: bucket.url('doctor') });
    expect(good).toMatchObject([
      { subject: 'database of records', level: 'ok', message: expect.stringContaining('records.db is not there yet') },
      { subject: 'backups', level: 'ok', message: expect.stringMatching(/^s3:.*doctor\/ lets us in$/) },
    ]);
    const away = `postgresql://ada:canary1@127.0.0.1:${await freePort()}/records`;
    const store = bucket.url('doctor');
    await bucket.close();
    const bad = await about({ ADMIN_DB_URL: away, BACKUP_STORE: store.replace('S3RVER:S3RVER', 'key:canary2') });
    expect(bad).toMatchObject([
      { subject: 'database of records', level: 'fault', mend: expect.stringContaining('Set ADMIN_DB_URL') },
      { subject: 'backups', level: 'fault', mend: expect.stringContaining('Set BACKUP_STORE') },
    ]);
    expect(JSON.stringify(bad)).not.toContain('canary');
    const wrong = await about({ BACKUP_STORE: 'nowhere', BACKUP_KEY: 'short' });
    expect(wrong.map(({ subject }) => subject)).toEqual(['backupStore', 'backupEncryption']);
    for (const { mend } of wrong) expect(mend).toMatch(/Write for example/);
  });

  it('asks Stripe, the providers and the mail server that a module names', { timeout: 60_000 }, async () => {
    const away = `http://127.0.0.1:${await freePort()}`;
    const folder = freshFolder();
    const module = join(folder, 'service.mjs');
    const options = {
      name: 'shop',
      stripeSecretKey: 'sk_test_canary1',
      stripeApiBase: away,
      oauthGoogle: ['client', 'canary2'],
      oauthEndpoints: { google: { authorize: away, token: away, userinfo: away } },
      smtpUrl: away.replace('http://', 'smtp://ada:canary3@'),
      emailFrom: 'shop@example.com',
    };
    const entry = JSON.stringify(join(ROOT, 'dist/index.js'));
    writeFileSync(
      module,
      `import { createService } from ${entry};\nexport const service = createService(${JSON.stringify(options)});\n`,
    );
    const { code, stdout, stderr } = await doctor([module], { APP_ENV: 'dev' }, folder);
    expect(code).toBe(1);
    for (const subject of ['stripe', 'oauth google', 'mail'])
      expect(stdout).toMatch(new RegExp(`^✗ ${subject}: .*ECONNREFUSED.*\n {4}`, 'm'));
    expect(stdout).toMatch(/^! stripe: no webhook secret is named.*\n {4}Set stripeWebhookSecret/m);
    expect(stdout + stderr).not.toMatch(/canary\d|\n\s+at /);
  });

  it('faults a folder that cannot be written, and a module that makes no service', { timeout: 30_000 }, async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, '.data'), 'a file');
    const missing = await doctor(['missing.js'], {}, folder);
    expect(missing).toMatchObject({ code: 1, stderr: 'missing.js does not exist: name a compiled module\n' });
    const other = await doctor([QUICKSTART[0] ?? ''], { APP_ENV: 'dev' });
    expect(other.stderr).toMatch(/exports no service named "service"; export it .*--export <name>/);
  });
});
