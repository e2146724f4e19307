import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as everything from '../../src/orm/index.js';
import { BACKENDS } from './backends.js';
import { CompiledOrm } from './compiled-orm.js';
import { HOSTILE, hostileEntity, readHostile, writeHostile } from './hostile-values.js';

const run = promisify(execFile);
const VALUES = Object.values(HOSTILE).flat().length;

/** Opens the database of its argument in its own time zone, and reads or writes there. */
const PROGRAM = `
import * as orm from './orm/index.js';
import { hostileEntity, readHostile, writeHostile } from './hostile-values.js';
const entity = hostileEntity(orm);
const db = await orm.connect(process.argv[2], { entities: [entity], dataDir: process.argv[3] });
await db.migrate();
const result = await (process.argv[4] === 'write' ? writeHostile : readHostile)(entity);
await db.close();
console.log(JSON.stringify({ ...result, zone: new Date(2026, 0, 1).getTimezoneOffset() }));
`;

let orm: CompiledOrm;
let program = '';
beforeAll(() => {
  orm = new CompiledOrm();
  orm.program('hostile-values', readFileSync(fileURLToPath(new URL('hostile-values.ts', import.meta.url)), 'utf8'));
  program = orm.program('hostile-program', PROGRAM);
});
afterAll(() => orm.remove());

const entity = hostileEntity(everything);

async function inZone(zone: string, url: string, what: 'read' | 'write'): Promise<object> {
  const env = { ...process.env, TZ: zone };
  const { stdout } = await run(process.execPath, [program, url, orm.directory, what], { env });
  return JSON.parse(stdout) as object;
}

for (const backend of BACKENDS) {
  describe(`hostile values on ${backend.name}`, { timeout: 60_000 }, () => {
    afterEach(() => backend.cleanUp());

    it('come back as they were', async () => {
      const db = await backend.connect({ entities: [entity] });
      await db.migrate();
      expect(await writeHostile(entity)).toEqual({ faults: [], values: VALUES });
      expect(await readHostile(entity)).toEqual({ faults: [], values: VALUES });
      await db.close();
    });

    if (!backend.reconnect) return;
    for (const [zone, offset] of [
      ['Pacific/Apia', -780],
      ['America/St_Johns', 210],
    ] as const) {
      it(`come back as they were, written or read in ${zone}`, async () => {
        const db = await backend.connect({ entities: [entity] });
        const url = backend.urlOf(db);
        expect(await inZone(zone, url, 'write')).toEqual({ faults: [], values: VALUES, zone: offset });
        expect(await readHostile(entity)).toEqual({ faults: [], values: VALUES });
        expect(await inZone(zone, url, 'read')).toEqual({ faults: [], values: VALUES, zone: offset });
        await db.close();
      });
    }
  });
}
