import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../service/setup/child.js';
import { freshFolder, releaseServices } from '../service/setup/fresh-service.js';
import { eventually } from '../service/setup/http-calls.js';
import { type ChildServer, FAULT_REDIS } from '../setup/servers.js';
import { printedCommands, type Quickstart, startQuickstart } from './quickstart.js';

/** The in-memory engine always, and a real Redis of this test's own where one is installed. */
const ENGINES: ReadonlyArray<{ name: string; start: () => Promise<ChildServer | undefined> }> = [
  { name: 'in-memory Redis', start: async () => undefined },
  ...FAULT_REDIS.map(({ name, start }) => ({ name, start: () => start() })),
];

const MARK = '__next_command__';

/** Runs `commands` one after the other in one shell and answers what each printed. */
async function paste(commands: readonly string[], cwd: string): Promise<string[]> {
  const input = commands.map((command) => `${command}\nprintf '\\n${MARK}\\n'\n`).join('');
  const shell = new Child('bash', ['-s'], { cwd, input });
  const { code, stdout, stderr } = await shell.ended();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout.split(`\n${MARK}\n`).slice(0, commands.length);
}

for (const engine of ENGINES) {
  describe(`the tour of the quickstart (${engine.name})`, { timeout: 60_000 }, () => {
    let redis: ChildServer | undefined;
    let quickstart: Quickstart;
    let commands: string[];
    let answers: string[];

    beforeAll(async () => {
      redis = await engine.start();
      const folder = freshFolder();
      quickstart = await startQuickstart(folder, redis ? { REDIS_URL: redis.url } : {});
      commands = printedCommands(quickstart);
      answers = await paste(commands, folder);
    }, 60_000);
    afterAll(async () => {
      await quickstart?.process.kill();
      await redis?.close();
      await releaseServices();
    });

    const answerTo = (part: string): string => {
      const index = commands.findIndex((command) => command.includes(part));
      expect(index, `a command with ${part}`).toBeGreaterThanOrEqual(0);
      return answers[index] ?? '';
    };

    it('goes the whole way', () => {
      const stations = ['auth/register', 'auth/login', '/products -H', '/products', '/history', '/welcome', '/metrics'];
      const found = stations.map((station) => commands.findIndex((command) => command.includes(station)));
      expect(found).not.toContain(-1);
      expect(commands.length).toBeGreaterThanOrEqual(8);
    });

    it('registers', () => {
      expect(JSON.parse(answerTo('auth/register'))).toMatchObject({ email: 'ada@example.com', role: 'user' });
    });

    it('creates, lists and changes a product', () => {
      const created = JSON.parse(answerTo('"price":999')) as { id: string };
      expect(created).toMatchObject({ name: expect.stringMatching(/^Widget \d+$/), price: 999, version: 1 });
      expect(JSON.parse(answers[commands.findIndex((command) => /\/products$/.test(command))] ?? '')).toMatchObject([
        { id: created.id },
      ]);
      expect(JSON.parse(answerTo('-X PATCH'))).toMatchObject({ id: created.id, price: 1299, version: 2 });
    });

    it('shows the history, newest first', () => {
      expect(JSON.parse(answerTo('/history'))).toMatchObject([{ price: 1299 }, { price: 999 }]);
    });

    it('enqueues the welcome mail, which arrives in the mailbox', async () => {
      expect(JSON.parse(answerTo('/welcome'))).toMatchObject({ job_id: expect.any(String), status: 'queued' });
      const mailbox = async () => {
        const response = await fetch(`${quickstart.baseUrl}/_kernel/mail`, { headers: { accept: 'application/json' } });
        return (await response.text()).includes('Welcome!');
      };
      await eventually(mailbox, 'the mail in /_kernel/mail', 10_000);
    });

    it('shows the metrics to the admin', () => {
      expect(answerTo('/metrics')).toMatch(/^# (HELP|TYPE) /);
    });

    it('prints addresses that answer', async () => {
      for (const label of ['Docs', 'Health', 'Mailbox']) {
        const [, url = ''] = quickstart.process.output.match(new RegExp(`${label}\\s+(http\\S+)`)) ?? [];
        expect((await fetch(url)).status, label).toBe(200);
      }
    });

    it('serves a second visit of the tour to the same service', async () => {
      const again = await paste(commands, freshFolder());
      expect(again).toHaveLength(commands.length);
      const registered = again[commands.findIndex((command) => command.includes('auth/register'))] ?? '';
      expect(JSON.parse(registered)).toMatchObject({ status: 409 });
      expect(JSON.parse(again[commands.findIndex((command) => command.includes('/welcome'))] ?? '')).toMatchObject({
        status: 'queued',
      });
    });

    if (engine.name === 'in-memory Redis') return;

    it('keeps its jobs in the real Redis', async () => {
      const { Redis } = await import('ioredis');
      const client = new Redis(redis?.url ?? '');
      const keys = await client.keys('*');
      client.disconnect();
      expect(keys.some((key) => key.includes('queue:'))).toBe(true);
    });
  });
}
