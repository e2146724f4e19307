import { afterAll, beforeAll, expect, it } from 'vitest';
import { CompiledOrm } from '../../orm/compiled-orm.js';
import { type Death, Migrator } from '../../orm/schema/migrator.js';
import { freshDatabase, SQL_BACKENDS } from '../../setup/sql-backends.js';

let orm: CompiledOrm;
beforeAll(() => {
  orm = new CompiledOrm();
});
afterAll(() => orm.remove());

const backends = SQL_BACKENDS.filter(({ name }) => name !== 'sqlite-memory').flatMap(({ name, engine }) =>
  (engine === 'sqlite' ? [1] : [0, 1000]).map((largeTableRows) => ({ name, largeTableRows })),
);

for (const { name, largeTableRows } of backends) {
  it(`${name} with tables of ${largeTableRows} rows being large: killed at every statement, converges`, async () => {
    const migrator = new Migrator(orm, largeTableRows);
    let kills = 0;
    for (const when of ['before', 'during'] as const) {
      for (let statement = 0, died = true; died; statement++) {
        died = await survives(migrator, name, { statement, when });
        if (died) kills += 1;
      }
    }
    process.stdout.write(
      `${name}, large from ${largeTableRows} rows: ${kills} kills, 0 lost rows, 0 half migrations\n`,
    );
    expect(kills).toBeGreaterThan(20);
  });

  it(`${name} with tables of ${largeTableRows} rows being large: eight at once migrate once, ten times`, async () => {
    const migrator = new Migrator(orm, largeTableRows);
    for (let run = 0; run < 10; run++) {
      const database = await freshDatabase(name);
      await migrator.prepare(database);
      expect((await migrator.runTogether(database, 8)).sort()).toEqual([...Array(7).fill('false'), 'true']);
      await migrator.expectConverged(database);
      await database.drop();
    }
  });
}

async function survives(
  migrator: Migrator,
  backend: Parameters<typeof freshDatabase>[0],
  death: Death,
): Promise<boolean> {
  const database = await freshDatabase(backend);
  await migrator.prepare(database);
  const died = await migrator.die(database, death);
  try {
    await migrator.expectConverged(database);
  } catch (error) {
    throw new Error(`Killed ${death.when} statement ${death.statement}`, { cause: error });
  }
  await database.drop();
  return died;
}
