import { afterAll, describe, expect, it } from 'vitest';
import { Counter } from '../../conformance/orm/entities.js';
import { AcknowledgedWrites, prepareWrites } from '../../orm/servers/acknowledged-writes.js';
import { flap } from '../../orm/servers/flapping.js';
import { ownDatabase } from '../../orm/servers/own-database.js';
import { ownServer } from '../../orm/servers/own-server.js';
import { FAULT_SQL } from '../../setup/fault-servers.js';
import { SQL_BACKENDS } from '../../setup/sql-backends.js';
import { seededRandom } from '../seeded-random.js';

const KILLS = 30;
const TOGGLES = 40;
const WRITERS = 8;

const { seed, random } = seededRandom();
const report: string[] = [];
afterAll(() => {
  for (const line of report) console.info(line);
});

for (const { name, engine } of FAULT_SQL) {
  describe(`${name} that is killed`, () => {
    const own = ownServer(engine);

    it(`keeps what it acknowledged over ${KILLS} kills`, async () => {
      const writes = new AcknowledgedWrites();
      await prepareWrites(await own().open({ entities: [Counter] }));
      for (let kill = 0; kill < KILLS; kill++) {
        const db = await own().open({ entities: [Counter] });
        const load = writes.run(db, WRITERS);
        const enough = writes.count + 1 + Math.floor(random() * 60);
        while (writes.count < enough) await new Promise((resolve) => setTimeout(resolve, 1));
        await own().server.kill();
        writes.stop();
        await load;
        await own().server.start();
      }
      const figures = await writes.figures(await own().open({ entities: [Counter] }));
      const { acknowledged, missing, versionGaps, doubled } = figures;
      report.push(
        `orm on ${name} (seed ${seed}): ${KILLS} kills, ${acknowledged} acknowledged writes: missing ${missing}, ` +
          `version gaps ${versionGaps}, doubled ${doubled}`,
      );
      expect({ missing, versionGaps, doubled }).toEqual({ missing: 0, versionGaps: 0, doubled: 0 });
    });
  });
}

for (const { name, engine } of SQL_BACKENDS.filter((backend) => backend.engine !== 'sqlite')) {
  describe(`${name} behind a line that flaps`, () => {
    const database = ownDatabase(engine as 'postgres' | 'mysql');

    it(`keeps what it acknowledged over ${TOGGLES} cuts`, async () => {
      const { acknowledged, missing, versionGaps, doubled, opened, closed } = await flap(database, TOGGLES);
      report.push(
        `orm on ${name}: ${opened} outages, ${closed} recoveries, ${acknowledged} acknowledged writes: ` +
          `missing ${missing}, version gaps ${versionGaps}, doubled ${doubled}`,
      );
      expect({ missing, versionGaps, doubled, opened, closed }).toEqual({
        missing: 0,
        versionGaps: 0,
        doubled: 0,
        opened: TOGGLES,
        closed: TOGGLES,
      });
    });
  });
}
