import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../jobs/queue-fixture.js';
import { type ChildServer, FAULT_REDIS } from '../../setup/servers.js';
import { Instance, type InstanceSettings } from './instance.js';

const RUSHES = 10;
const CALLS = 1000;
const LIMIT = 137;
const KILLS = 20;
const REPEATS = 100;
/** So short that a claim outlives its holder by little, and renewed all the same while it lives. */
const LEASE_SECONDS = 2;
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each(FAULT_REDIS)('two instances in chaos ($name)', { timeout: 600_000 }, ({ start }) => {
  let server: ChildServer;
  let folder: string;
  let settings: InstanceSettings;
  let instances: Instance[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'instances-'));
    server = await start();
    settings = { redisUrl: server.url, ledger: join(folder, 'ledger'), limit: LIMIT, leaseSeconds: LEASE_SECONDS };
    writeFileSync(settings.ledger, '');
    instances = [await Instance.start(settings), await Instance.start(settings)];
  });
  afterEach(async () => {
    await Promise.all(instances.map((instance) => instance.kill()));
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (i: number): Instance => instances[i % instances.length] as Instance;
  const ledgerOf = (order: string) =>
    readFileSync(settings.ledger, 'utf8')
      .split('\n')
      .filter((line) => line.split(' ')[1] === order)
      .map((line) => line.split(' ')[0]);

  it(`admit exactly the limit of ${CALLS} requests at once`, async () => {
    const admitted: number[] = [];
    for (const rush of range(RUSHES)) {
      const answers = await Promise.all(range(CALLS).map((i) => at(i).post('/take', `user${rush}`)));
      const statuses = answers.map(({ status }) => status);
      await Promise.all(answers.map((answer) => answer.text()));
      expect(new Set(statuses)).toEqual(new Set([200, 429]));
      admitted.push(statuses.filter((status) => status === 200).length);
    }
    console.info(
      `limiter: exactly ${LIMIT} of ${CALLS} requests to two instances admitted, ${RUSHES} runs: ${admitted.join(' ')}`,
    );
    expect(admitted).toEqual(range(RUSHES).map(() => LIMIT));
  });

  it('run once what comes a hundred times at once, and once more where whoever ran it was killed', async () => {
    const order = (instance: Instance, name: string) =>
      instance.post('/orders', name, { order: name }, { 'Idempotency-Key': name });
    let ranOnce = 0;
    let freed = 0;
    for (const kill of range(KILLS)) {
      const calm = `calm${kill}`;
      const rush = await Promise.all(range(REPEATS).map((i) => order(at(i), calm)));
      expect(rush.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
      expect(rush.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
      if (ledgerOf(calm).join(' ') === 'start end') ranOnce += 1;

      const cut = `cut${kill}`;
      const [holder, other] = [at(kill), at(kill + 1)];
      const lost = order(holder, cut).catch((error: unknown) => error);
      await until(() => (ledgerOf(cut).length === 1 ? true : undefined), 'the order to begin');
      const refused = await Promise.all(range(REPEATS - 1).map(() => order(other, cut)));
      expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([409]));
      await holder.kill();
      expect(await lost).toBeInstanceOf(Error);
      const done = await until(async () => {
        const response = await order(other, cut);
        return response.status === 409 ? undefined : response;
      }, 'the key to be free');
      if (done.status === 200 && ledgerOf(cut).join(' ') === 'start start end') freed += 1;
      instances[kill % instances.length] = await Instance.start(settings);
    }
    console.info(
      `idempotency: ${KILLS} times ${REPEATS} requests with one key at once: ${ranOnce} times one run; ` +
        `${KILLS} holders killed: ${freed} keys freed, and each run once more`,
    );
    expect({ ranOnce, freed }).toEqual({ ranOnce: KILLS, freed: KILLS });
  });
});
