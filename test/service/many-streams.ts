import { join } from 'node:path';
import { sleep } from '../../src/base/sleep.js';
import { Child, ROOT } from './setup/child.js';
import { freshFolder, sqliteUrl } from './setup/fresh-service.js';
import { eventually } from './setup/http-calls.js';

/** What a service holds open. */
export interface Held {
  rss: number;
  descriptors: number;
  timers: number;
  sockets: number;
  streams: number;
  leases: number;
  running: number;
}

export interface StreamFigures {
  clients: number;
  before: Held;
  open: Held;
  /** When half of the clients had left by themselves and the other half had been killed. */
  after: Held;
  openedInMs: number;
}

const FIXTURES = join(ROOT, 'test/service/fixtures');
const PER_USER = 4;

/** Opens `clients` streams of a service from another process and has them leave; what the service holds at each time. */
export async function openAndLeave(clients: number, redisUrl: string, redisNamespace: string): Promise<StreamFigures> {
  const folder = freshFolder();
  const options = { redisUrl, redisNamespace, databaseUrl: sqliteUrl(folder), dataDir: join(folder, '.data') };
  const service = startWithDescriptors('streaming-service.mjs', options, ['--expose-gc']);
  let crowd: Child | undefined;
  try {
    const [, port = ''] = await service.says(/listening on (\d+)/, 60_000);
    const held = async (): Promise<Held> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/figures`, { headers: { connection: 'close' } });
      return (await answer.json()) as Held;
    };
    for (let call = 0; call < 5; call++) await held(); // what is made once is made
    const before = await held();
    const begun = performance.now();
    crowd = startWithDescriptors('streaming-clients.mjs', {
      port: Number(port),
      clients,
      perUser: PER_USER,
      atOnce: 100,
    });
    const [, opened, refused] = await crowd.says(/open (\d+) refused (\d+)/, 300_000);
    if (Number(opened) !== clients) throw new Error(`${opened} streams were opened, ${refused} refused`);
    const openedInMs = performance.now() - begun;
    await eventually(async () => (await held()).running === clients, 'every task to be known', 60_000);
    const open = await held();
    crowd.writes(`leave ${clients / 2}\n`);
    await eventually(async () => (await held()).leases === clients / 2, 'half of the leases', 60_000);
    await crowd.kill();
    let after = await held();
    const isRid = (): boolean =>
      after.streams + after.leases + after.running === 0 &&
      (['sockets', 'descriptors', 'timers'] as const).every((kind) => after[kind] <= before[kind]);
    for (const deadline = Date.now() + 120_000; !isRid() && Date.now() < deadline; after = await held())
      await sleep(100);
    return { clients, before, open, after, openedInMs };
  } finally {
    await crowd?.kill();
    await service.kill();
  }
}

/** A process that may open as many descriptors as this machine lets it. */
function startWithDescriptors(script: string, argument: object, flags: readonly string[] = []): Child {
  const command = 'ulimit -n "$(ulimit -Hn)" && exec "$@"';
  const args = ['-c', command, 'bash', process.execPath, ...flags, join(FIXTURES, script), JSON.stringify(argument)];
  return new Child('bash', args, { env: { ENV: 'test' }, keepInput: true });
}
