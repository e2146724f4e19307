import { FakeClock } from '../../../src/base/clock.js';
import type { Database } from '../../../src/orm/index.js';
import { Counter } from '../../conformance/orm/entities.js';
import { AcknowledgedWrites, prepareWrites, type WriteFigures } from './acknowledged-writes.js';
import { CutProxy } from './cut-proxy.js';
import type { ownDatabase } from './own-database.js';

const WRITERS = 6;
/** Acknowledged writes between two cuts. */
const WRITES = 20;

export interface FlappingFigures extends WriteFigures {
  opened: number;
  closed: number;
}

/** Cuts the line under load, and lets it come back, time after time: every time the circuit opens, and closes again. */
export async function flap({ open, url }: ReturnType<typeof ownDatabase>, times: number): Promise<FlappingFigures> {
  const direct = await open({ entities: [Counter] });
  await prepareWrites(direct);
  let isDown = false;
  const proxy = await CutProxy.open(url(), () => isDown);
  const clock = new FakeClock();
  const db = await open({ entities: [Counter], clock, poolSize: 4 }, proxy.url(url()));
  const writes = new AcknowledgedWrites();
  const figures = { opened: 0, closed: 0 };
  const load = writes.run(db, WRITERS);
  for (let time = 0; time < times; time++) {
    const before = writes.count;
    await until(() => writes.count >= before + WRITES);
    isDown = true;
    await until(() => db.stats().circuit === 'open');
    figures.opened += 1;
    isDown = false;
    await until(() => {
      clock.advance(1_000);
      return db.stats().circuit === 'closed';
    });
    figures.closed += 1;
  }
  writes.stop();
  await load;
  await assertNothingHeld(db);
  const result = { ...figures, ...(await writes.figures(direct)) };
  await db.close();
  await proxy.close();
  return result;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function assertNothingHeld(db: Database): Promise<void> {
  const { inUse, waiting } = db.stats().pool;
  if (inUse + waiting > 0) throw new Error(`${inUse} connections are still held, and ${waiting} callers wait`);
}
