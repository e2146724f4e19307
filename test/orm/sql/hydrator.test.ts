import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHydrator } from '../../../src/orm/sql/read/hydrator.js';
import { CompiledOrm } from '../compiled-orm.js';

const run = promisify(execFile);
let orm: CompiledOrm;
beforeAll(() => {
  orm = new CompiledOrm();
});
afterAll(() => orm.remove());

it('makes an instance of the class without running its field initialisers', () => {
  class Thing {
    kept = 'initial';
  }
  const hydrate = createHydrator(Thing.prototype, [
    { property: 'kept', decode: undefined },
    { property: 'at', decode: (text: string) => new Date(text) },
    { property: 'none', decode: () => 'never seen' },
  ]);
  const thing = hydrate(['stored', '2026-01-02T03:04:05.678Z', null]) as Thing;
  expect(thing).toBeInstanceOf(Thing);
  expect(thing.constructor).toBe(Thing);
  expect({ ...thing }).toEqual({ kept: 'stored', at: new Date('2026-01-02T03:04:05.678Z'), none: null });
});

it('writes any property name as a name, never as code', () => {
  const property = `'];globalThis.injected = true;//"\\\u2028`;
  const row = createHydrator({}, [{ property, decode: undefined }])([1]);
  expect(Object.entries(row)).toEqual([[property, 1]]);
  expect(globalThis).not.toHaveProperty('injected');
});

it('reads rows where code must not be generated from text', async () => {
  const program = orm.program(
    'without-generated-code',
    `import { connect, Entity, Field, Model } from './orm/index.js';
     class Item extends Model {}
     Field('string')(Item.prototype, 'name');
     Field('json')(Item.prototype, 'tags');
     Entity({ table: 'items' })(Item);
     const db = await connect('sqlite::memory:', { entities: [Item] });
     await db.migrate();
     await Item.save({ name: 'a', tags: [1] });
     const [row] = await Item.find({ where: { name: 'a' } });
     console.log(JSON.stringify([row.name, row.tags, row.createdAt instanceof Date, row instanceof Item]));`,
  );
  const { stdout } = await run(process.execPath, ['--disallow-code-generation-from-strings', program]);
  expect(JSON.parse(stdout)).toEqual(['a', [1], true, true]);
});
