// Measures one contestant on one row, in a process of its own: node contestant-process.mjs '{"contestant", "row", …}'
import { connectRedis } from '../../dist/redis/index.js';
import { ROWS } from './rows.mjs';

/** Who works on PostgreSQL, and looks for jobs now and then, would take minutes for as many as the others. */
const POSTGRES_SHARE = 10;

const { contestant, row, redisUrl, postgresUrl, usesRedis } = JSON.parse(process.argv[2]);
const { open } = await import(`./adapters/${contestant}.mjs`);
const { run, jobs: most } = ROWS[row];
const jobs = usesRedis ? most : Math.ceil(most / POSTGRES_SHARE);

const connection = usesRedis ? await connectRedis({ url: redisUrl }) : undefined;
await connection?.client.flushall();
const memory = async () => {
  const info = await connection?.client.info('memory');
  const figure = (name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return info && figure('used_memory') - figure('mem_clients_normal'); // buffers of connections are not of the jobs
};

const queue = await open({ redisUrl, postgresUrl });
process.stdout.write(`${JSON.stringify(await run(queue, jobs, { memory }))}\n`);
await queue.close();
await connection?.close();
process.exit(0); // whatever a contestant still holds open
