import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../service/setup/http-calls.js';
import { redisUrl, SQL_BACKENDS } from '../setup/servers.js';
import { getFresh, SharedServers } from './shared-service.js';

interface Written {
  text: string;
  pid: number;
}

const opened: SharedServers[] = [];
/** Servers that processes share. */
const BACKENDS = SQL_BACKENDS.filter(({ engine }) => redisUrl() !== undefined && engine !== 'sqlite');

afterEach(async () => {
  for (const servers of opened.splice(0)) await servers.close();
});

async function open(backend: (typeof BACKENDS)[number]['name']): Promise<SharedServers> {
  const servers = await SharedServers.open(backend);
  opened.push(servers);
  return servers;
}

function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

function post(url: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { connection: 'close' } });
}

for (const { name } of BACKENDS) {
  describe(`four processes on one Redis and one database (${name})`, { timeout: 300_000 }, () => {
    it('migrate an empty database one after the other when all start at once', async () => {
      const servers = await open(name);
      const started = await times(4, () => servers.alone());
      const tallies = await times(4, (index) => getFresh(`${started[index]?.baseUrl}/api/v1/tallies`));
      // Each start counts up under the lock of migrations, reading and writing in two statements.
      for (const tally of tallies) expect(tally).toEqual({ starts: 4 });
      const logs = started.map(({ child }) => child.output).join('');
      expect(logs).not.toMatch(/"level":"(error|fatal)"|ERROR|FATAL/);
    });

    it('share limits, locks, the cache, jobs and schedules', async () => {
      const servers = await open(name);
      await servers.start(4);
      const api = `${servers.baseUrl}/api/v1`;

      const answers = await times(40, async () => (await post(`${api}/count`)).json() as Promise<{ pid: number }>);
      expect(new Set(answers.map(({ pid }) => pid)).size).toBe(4);
      expect(await getFresh(`${api}/tallies`)).toMatchObject({ count: 40 });

      const statuses = await times(60, async () => (await fetch(`${api}/limited`)).status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(10);
      expect(statuses.filter((status) => status === 429)).toHaveLength(50);

      for (const value of [1, 2, 3]) {
        const warm = await times(12, () => getFresh<{ pid: number }>(`${api}/greeting`));
        expect(new Set(warm.map(({ pid }) => pid)).size).toBe(4);
        expect((await post(`${api}/greeting?value=${value}`)).status).toBe(200);
        const seen = await times(12, () => getFresh<{ value: number }>(`${api}/greeting`));
        expect(seen.map((answer) => answer.value)).toEqual(Array.from({ length: 12 }, () => value));
      }

      await times(100, (index) => post(`${api}/jobs?text=job-${index}`));
      const notes = await eventually(
        async () => {
          const written = await getFresh<Written[]>(`${api}/notes`);
          const ticks = new Set(written.filter(({ text }) => text.startsWith('tick')).map(({ text }) => text));
          return written.filter(({ text }) => text.startsWith('job')).length >= 100 && ticks.size >= 3 && written;
        },
        'the jobs and three ticks',
        60_000,
      );
      const texts = (notes as Written[]).map(({ text }) => text);
      expect(texts, 'nothing ran twice').toHaveLength(new Set(texts).size);
      expect(new Set((notes as Written[]).map(({ pid }) => pid)).size).toBeGreaterThan(1);
    });
  });
}
