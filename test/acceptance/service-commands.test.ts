import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ended, ROOT, startNode } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { startQuickstart } from './quickstart.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const QUICKSTART = [join(ROOT, 'examples/dist/quickstart/service.js'), '--export', 'createQuickstart'];

afterEach(releaseServices);

function run(args: readonly string[], cwd = freshFolder(), env = {}): Promise<Ended> {
  return startNode(MAIN, args, { cwd, env }).ended();
}

/** A service that must not be started: its servers are away and its hooks throw. */
function untouchable(folder: string): string {
  const file = join(folder, 'service.js');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    file,
    `import { createRouter, createService, noRateLimit, rateLimit, sse } from '${pathToFileURL(join(ROOT, 'dist/index.js')).href}';
     import { Router } from '${pathToFileURL(join(ROOT, 'node_modules/@koa/router/dist/index.mjs')).href}';
     const fail = () => { throw new Error('started'); };
     const router = createRouter({ prefix: '/things' });
     router.get('/', { auth: { permission: 'things:read', workspace: 'member' }, use: [rateLimit(5)], summary: 'Things' }, () => []);
     router.post('/', { auth: { scope: 'things:write' }, use: [noRateLimit()], stream: true }, () => sse([]));
     const plain = new Router();
     plain.get('/plain', (ctx) => { ctx.body = 'plain'; });
     export const service = createService({
       name: 'untouchable', version: '2.0.0', description: 'Not to be started.', routers: [router, plain],
       databaseUrl: 'postgresql://ada:secret@127.0.0.1:1/app', redisUrl: 'redis://127.0.0.1:1',
       corsOrigins: ['https://a.example'], jwtSecret: 'k9!vQ2#xL7@pR4$wN8^tB1&mZ6*cH3(f', tasks: { work: fail },
       schemaInit: fail, dbSeed: fail, onStartup: fail, onShutdown: fail, admin: { email: 'a@b.example', password: 'long enough' },
     });`,
  );
  return file;
}

describe('app-kernel routes', () => {
  it('lists every route with who may call it, without starting anything', { timeout: 30_000 }, async () => {
    const folder = freshFolder();
    for (const APP_ENV of ['dev', 'prod']) {
      const { code, stdout, stderr } = await run(['routes', untouchable(folder)], folder, { APP_ENV });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
      expect(lines).toContainEqual(['METHOD', 'PATH', 'AUTH', 'LIMIT', 'SUMMARY']);
      expect(lines).toContainEqual([
        'GET',
        '/api/v1/things',
        'permission things:read, workspace member',
        '5/60s',
        'Things',
      ]);
      expect(lines).toContainEqual(['POST', '/api/v1/things', 'scope things:write', 'none']);
      expect(lines).toContainEqual(['HEAD,GET', '/api/v1/plain', '(its router)', 'tier']);
      expect(lines).toContainEqual(['GET', '/api/v1/jobs', 'user', 'tier', 'List jobs']);
      expect(stdout.includes('/_kernel/mail')).toBe(APP_ENV === 'dev');
    }
  });

  it('is JSON where that is asked for', { timeout: 30_000 }, async () => {
    const { stdout } = await run(['routes', ...QUICKSTART, '--json']);
    expect(JSON.parse(stdout)).toContainEqual({
      method: 'DELETE',
      path: '/api/v1/products/:id',
      auth: 'admin',
      limit: 'tier',
      summary: '',
    });
  });
});

describe('app-kernel openapi', () => {
  it('writes what the running service answers', { timeout: 60_000 }, async () => {
    const folder = freshFolder();
    const { code, stderr } = await run(['openapi', ...QUICKSTART, '--out', 'api/openapi.json'], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'api/openapi.json is written\n' });
    const quickstart = await startQuickstart(freshFolder());
    const answered = await (await fetch(`${quickstart.baseUrl}/openapi.json`)).json();
    expect(JSON.parse(readFileSync(join(folder, 'api/openapi.json'), 'utf8'))).toEqual(answered);

    const written = await run(['client', `${quickstart.baseUrl}/openapi.json`, '--tags', 'quickstart'], folder);
    await quickstart.process.kill();
    expect(written).toMatchObject({ code: 0, stderr: '' });
    expect(written.stdout).toContain('createProduct(body: CreateProductBody');
    expect(written.stdout).not.toContain('authLogin');
    expect((await run(['client', 'api/openapi.json', '--tags', 'quickstart'], folder)).stdout).toBe(written.stdout);
  });

  it('describes a service whose servers are away', { timeout: 30_000 }, async () => {
    const folder = freshFolder();
    const { code, stdout } = await run(['openapi', untouchable(folder)], folder);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document.info).toEqual({ title: 'untouchable', version: '2.0.0', description: 'Not to be started.' });
    expect(document.paths['/api/v1/things'].post.responses['200'].content).toEqual({
      'text/event-stream': { schema: { type: 'string' } },
    });
  });
});

describe('what describes a service', () => {
  it.each(['routes', 'openapi'])(
    'names what is wrong with the argument of %s, without a stack',
    async (command) => {
      const folder = freshFolder();
      writeFileSync(join(folder, 'other.mjs'), 'export const other = 1;');
      writeFileSync(join(folder, 'broken.mjs'), 'throw new Error("on purpose");');
      for (const [source, complaint] of [
        ['service.ts', /service\.ts is TypeScript.*name the compiled file/],
        ['missing.js', /missing\.js does not exist/],
        ['other.mjs', /exports no service named "service"; export it .*--export <name>/],
        ['broken.mjs', /cannot be loaded \(on purpose\)/],
      ] as const) {
        const { code, stdout, stderr } = await run([command, source], folder);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(complaint);
        expect(stderr).not.toMatch(/\n\s+at /);
      }
    },
    60_000,
  );

  it('says where the result cannot be written', async () => {
    const folder = freshFolder();
    for (const command of ['openapi', 'client']) {
      const { code, stderr } = await run([command, untouchable(folder), '--out', '.'], folder);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^--out \. cannot be written \(EISDIR.*\): name a file\n$/);
    }
  }, 30_000);
});

describe('app-kernel client', () => {
  it('writes a file, from a module or a document', { timeout: 30_000 }, async () => {
    const folder = freshFolder();
    const { code } = await run(['client', untouchable(folder), '--out', 'src/api.ts'], folder);
    expect(code).toBe(0);
    const text = readFileSync(join(folder, 'src/api.ts'), 'utf8');
    expect(text).toContain('The client of untouchable 2.0.0');
    expect(text).toContain('AsyncGenerator<ServerEvent, void, undefined>');
  });

  it('says what is wrong with its source, without a stack', { timeout: 60_000 }, async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'no.json'), '{');
    writeFileSync(join(folder, 'empty.json'), '{}');
    writeFileSync(join(folder, 'other.js'), 'export const other = 1;');
    writeFileSync(join(folder, 'broken.js'), 'throw new Error("on purpose");');
    for (const [source, complaint] of [
      ['missing.json', /missing\.json cannot be read/],
      ['no.json', /no\.json is no JSON/],
      ['empty.json', /is no OpenAPI 3 document/],
      ['http://127.0.0.1:1/openapi.json', /cannot be fetched/],
      ['service.ts', /name the compiled file/],
      ['missing.js', /missing\.js does not exist/],
      ['other.js', /exports no service named "service"/],
      ['broken.js', /cannot be loaded \(on purpose\)/],
    ] as const) {
      const { code, stdout, stderr } = await run(['client', source, '--out', 'client.ts'], folder);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(complaint);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    expect(existsSync(join(folder, 'client.ts'))).toBe(false);
  });
});

describe('app-kernel migrate --service', () => {
  it('makes the tables that the service’s start would make, in the database that it names', {
    timeout: 60_000,
  }, async () => {
    const folder = freshFolder();
    const [module = '', ...exported] = QUICKSTART;
    const migrate = (...args: string[]) =>
      run(['migrate', '--service', module, ...exported, ...args], folder, { APP_ENV: 'dev' });
    const plan = await migrate('--plan');
    expect(plan.stdout).toMatch(/products/);
    expect(plan.stdout).toMatch(/kernel_auth_users/);
    expect((await migrate()).stdout).toMatch(/^\d+ steps were done\n$/);
    expect((await migrate()).stdout).toBe('Nothing to do.\n');
    const quickstart = await startQuickstart(folder);
    expect(quickstart.process.output).not.toContain('The database was migrated');
    await quickstart.process.kill();
  });
});
