// A worker to kill, which enqueues its own job and never ends it, and its heir: node recovery-process.mjs '{…}' victim|heir
import { connectRedis } from '../../dist/redis/index.js';

const { contestant, redisUrl } = JSON.parse(process.argv[2]);
const { open } = await import(`./adapters/${contestant}.mjs`);
const isVictim = process.argv[3] === 'victim';
if (isVictim) {
  const connection = await connectRedis({ url: redisUrl });
  await connection.client.flushall();
  await connection.close();
}
const queue = await open({ redisUrl });
await queue.work(() => {
  process.stdout.write('began\n');
  return new Promise(() => {});
});
if (isVictim) await queue.add({ n: 1 });
else process.stdout.write('ready\n');
