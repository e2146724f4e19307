import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../dist/orm/index.js';
import { declareItem } from '../orm/entities.mjs';
import { seedRow } from '../orm/rows.mjs';

const { step, url, dataDir, rows, name } = JSON.parse(process.argv[2]);
const SEEDED_AT_ONCE = 5_000;

const Item = declareItem('items', { history: false });
const db = await connect(url, { entities: [Item], dataDir, nativeBackup: false, backupBeforeMigrate: false });

const STEPS = {
  async seed() {
    await db.migrate();
    for (let at = 0; at < rows; at += SEEDED_AT_ONCE)
      await Item.saveMany(
        Array.from({ length: Math.min(SEEDED_AT_ONCE, rows - at) }, (_, index) => seedRow(at + index)),
      );
  },
  export: () => db.backup(),
  /** The safety backup is no part of an import: the database is empty. */
  import: () => db.restoreFull(name, { confirm: true }),
  async verify() {
    const { verified, faults } = await db.verifyBackup(name);
    if (!verified) throw new Error(faults.join());
  },
};

/** What the process has at most, over what it had when it was open. */
let peak = process.memoryUsage.rss();
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 10);
const began = performance.now();
const cpu = process.cpuUsage();
const answer = await STEPS[step]();
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - began) / 1000;
clearInterval(watch);
peak = Math.max(peak, process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024);
await db.close();
if (step === 'import')
  for (const place of [answer.safetyBackup]) rmSync(join(dataDir, 'backups', place), { recursive: true, force: true });
process.stdout.write(JSON.stringify({ seconds, cpu: (user + system) / 1e6, peak, name: answer?.name }));
