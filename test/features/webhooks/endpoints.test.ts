import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../../src/base/errors.js';
import { KernelWebhook } from '../../../src/features/webhooks/index.js';
import { REDIS_BACKENDS, SQL_BACKENDS } from '../../setup/servers.js';
import { openRig } from './webhook-rig.js';

describe.each(SQL_BACKENDS)('the endpoints of a workspace ($name)', (sql) => {
  it('are 50 at most, also of 60 that are made at the same moment', async () => {
    const [redis] = REDIS_BACKENDS;
    if (!redis) throw new Error('There is always a Redis in memory');
    const rig = await openRig(sql, redis);
    try {
      const made = await Promise.allSettled(
        Array.from({ length: 60 }, () => rig.create({ url: 'http://127.0.0.1:9/hook' })),
      );
      const refused = made.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
      expect(refused).toHaveLength(10);
      for (const reason of refused) expect(reason).toBeInstanceOf(ConflictError);
      expect(await KernelWebhook.count({ where: { workspaceId: rig.workspaceId }, db: rig.db })).toBe(50);
    } finally {
      await rig.close();
    }
  });
});
