import { afterEach, describe, expect, it } from 'vitest';
import { checkDatabase } from '../../src/cli/doctor/check-database.js';
import { nodeFinding, spaceFinding } from '../../src/cli/doctor/check-machine.js';
import { clockOf } from '../../src/cli/doctor/finding.js';
import { kernelSettings } from '../../src/service/settings/settings.js';
import { TELEMETRY_ENTITIES } from '../../src/service/telemetry/open-telemetry.js';
import { releaseServices, startedService } from '../service/setup/fresh-service.js';
import { SQL_BACKENDS } from '../setup/servers.js';

afterEach(releaseServices);

describe('a check of the doctor', () => {
  it('compares a server’s clock with ours, and bears what the question itself may have taken', async () => {
    const clock = (aheadMs: number) => clockOf('redis', async () => Date.now() + aheadMs);
    expect(await clock(1_500)).toMatchObject({ level: 'ok' });
    expect(await clock(90_000)).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/^its clock is (89\.9|90\.0) s ahead/),
    });
    expect(await clock(-90_000)).toMatchObject({ level: 'warning', mend: expect.stringContaining('NTP') });
    expect((await clock(-90_000)).message).toContain('behind');
  });

  it('warns of a disk that fills up, and faults one that is full', () => {
    expect([5_000, 500, 50].map((free) => spaceFinding('.data', free).level)).toEqual(['ok', 'warning', 'fault']);
  });

  it('knows the oldest Node', () => {
    expect(['18.20.0', '20.18.3', '20.19.0', '24.1.0'].map((version) => nodeFinding(version).level)).toEqual([
      'fault',
      'fault',
      'ok',
      'ok',
    ]);
  });

  for (const backend of SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory'))
    it(`faults a database of records that is another service’s, and looks alone (${backend.name})`, async () => {
      const records = await backend.create();
      const look = async (claimant: string) => {
        const named = { subject: 'database of records', variable: 'ADMIN_DB_URL', url: records.url } as const;
        const found = await checkDatabase(
          { ...named, entities: TELEMETRY_ENTITIES, claimant },
          { ...kernelSettings().database, dataDir: records.dataDir },
        );
        return found.filter(({ level }) => level === 'fault');
      };
      expect(await look('invoices')).toEqual([]); // nothing is there yet
      const service = await startedService({ name: 'orders', adminDbUrl: records.url });
      await service.close();
      expect(await look('orders')).toEqual([]);
      expect(await look('invoices')).toMatchObject([
        { message: expect.stringContaining('the service "orders"'), mend: expect.stringContaining('one of its own') },
      ]);
      expect(await look('orders')).toEqual([]);
      await records.drop();
    });
});
