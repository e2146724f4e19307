import { expect, it } from 'vitest';
import { connectRedis, runScript } from '../../src/redis/index.js';

const SCRIPT = { name: 'testTime', keys: 1, lua: "local t = redis.call('time') return {t[1], t[2], KEYS[1], #ARGV}" };

it('the in-memory Redis tells the true time, in commands, in scripts and in duplicates', async () => {
  const connection = await connectRedis();
  for (const client of [connection.client, connection.jobs, connection.jobs.duplicate()]) {
    for (let i = 0; i < 5; i++) {
      const before = Date.now();
      const [seconds, micros] = (await client.time()).map(Number) as [number, number];
      const [scriptSeconds, scriptMicros, key, args] = (await runScript(client, SCRIPT, ['k'], ['a', 2])) as string[];
      const after = Date.now();
      for (const ms of [seconds * 1000 + micros / 1000, Number(scriptSeconds) * 1000 + Number(scriptMicros) / 1000]) {
        expect(ms).toBeGreaterThanOrEqual(before);
        expect(ms).toBeLessThanOrEqual(after);
      }
      expect([key, args]).toEqual(['k', 2]);
    }
  }
  await connection.close();
});
