import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompiledOrm } from './compiled-orm.js';

let orm: CompiledOrm;
beforeAll(() => {
  orm = new CompiledOrm();
});
afterAll(() => orm.remove());

const LOADED = `
  import { createRequire } from 'node:module';
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).map((path) => path.split('/node_modules/').at(-1).split('/')[0]);
`;

it('loads no driver and no other package until a URL of its scheme is opened', async () => {
  const path = orm.program(
    'loading',
    `${LOADED}
    const { connect } = await import('./orm/index.js');
    const before = [...new Set(loaded())];
    const db = await connect('sqlite::memory:', { entities: [] });
    const after = [...new Set(loaded())];
    await db.close();
    console.log(JSON.stringify({ before, after }));`,
  );
  const { before, after } = JSON.parse(await orm.run(path)) as { before: string[]; after: string[] };
  expect(before.filter((name) => !name.startsWith('orm-'))).toEqual(['reflect-metadata']);
  expect(after).toContain('better-sqlite3');
});

it('ends the process by itself once the database is closed', async () => {
  const path = orm.program(
    'ending',
    `import { connect } from './orm/index.js';
    const db = await connect('sqlite::memory:', { entities: [] });
    await db.migrate();
    await db.close();
    console.log('closed');`,
  );
  expect(await orm.run(path)).toBe('closed');
});
