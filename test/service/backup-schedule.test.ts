import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/base/ports.js';
import { connect, type Database } from '../../src/orm/index.js';
import { BackupSchedule } from '../../src/service/jobs/backup-schedule.js';
import { freshDatabase, SQL_BACKENDS } from '../setup/servers.js';

describe('a schedule of backups', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 1, 10, 14, 59), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const scheduled = async (backUp: (tick: Date) => Promise<undefined>, cron = '0 15 * * *') => {
    const schedule = new BackupSchedule({ database: { scheduledBackup: backUp }, cron, logger: silentLogger });
    await schedule.start();
    return schedule;
  };

  it('makes one at each moment it names, in UTC, also after one that failed', async () => {
    const ticks: string[] = [];
    const schedule = await scheduled(async (tick) => {
      ticks.push(tick.toISOString());
      throw new Error('no room');
    });
    await vi.advanceTimersByTimeAsync(59_999);
    expect(ticks).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(ticks).toEqual(['2026-02-10T15:00:00.000Z', '2026-02-11T15:00:00.000Z']);
    await schedule.stop();
    await vi.advanceTimersByTimeAsync(3 * 86_400_000);
    expect(ticks).toHaveLength(2);
  });

  it('waits for moments that are further away than a timer goes', async () => {
    const ticks: string[] = [];
    const backUp = async (tick: Date) => void ticks.push(tick.toISOString());
    const schedule = await scheduled(backUp as never, '0 0 1 6 *');
    await vi.advanceTimersByTimeAsync(Date.UTC(2026, 5, 1) - Date.UTC(2026, 1, 10, 14, 59));
    expect(ticks).toEqual(['2026-06-01T00:00:00.000Z']);
    await schedule.stop();
  });
});

for (const { name } of SQL_BACKENDS.filter((backend) => backend.name !== 'sqlite-memory')) {
  it(`is kept by one of several instances: ${name}`, async () => {
    const database = await freshDatabase(name);
    const options = { entities: [], dataDir: database.dataDir, nativeBackup: false };
    const instances: Database[] = [];
    for (let count = 0; count < 4; count++) instances.push(await connect(database.url, options));
    const tick = new Date(Date.UTC(2026, 1, 10, 15));
    const outcomes = await Promise.all(instances.map((db) => db.scheduledBackup(tick)));
    expect(outcomes.filter((outcome) => outcome?.verified)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(3);
    const [first] = instances;
    expect(await first?.listBackups()).toMatchObject([{ verification: 'verified' }]);
    expect(await first?.scheduledBackup(new Date(tick.getTime() + 86_400_000))).toMatchObject({ verified: true });
    expect((await first?.orphans())?.orphanTables).toEqual([]);
    for (const db of instances) await db.close();
    await database.drop();
  });
}
