import { afterAll, describe, expect, it } from 'vitest';
import { Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

const before = () => {
  @Entity({ table: 'parts' })
  class Part extends Model {
    @Field({ type: 'string', length: 20, nullable: false }) label!: string;
    @Field({ type: 'string', length: 20 }) note?: string;
  }
  return Part;
};
const after = () => {
  @Entity({ table: 'parts' })
  class Part extends Model {
    @Field({ type: 'string', length: 20, nullable: false }) label!: string;
    @Field({ type: 'string', length: 40, check: "[note] <> ''" }) note?: string;
    @Field({ type: 'integer', nullable: false, default: 3 }) amount!: number;
  }
  return Part;
};

/** Columns that another program gave the table. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  sqlite: ["loud VARCHAR(50) NOT NULL AS (upper(label) || '!')"],
  postgresql: [
    'number INT GENERATED ALWAYS AS IDENTITY',
    'serial SERIAL, ADD CONSTRAINT uq_parts_serial UNIQUE (serial)',
    "loud VARCHAR(50) NOT NULL GENERATED ALWAYS AS (upper(label) || '!') STORED",
  ],
  mariadb: [
    'number INT NOT NULL AUTO_INCREMENT, ADD KEY by_number (number)',
    "loud VARCHAR(50) GENERATED ALWAYS AS (upper(label) || '!') STORED",
  ],
};

for (const backend of BACKENDS.filter(({ reconnect }) => reconnect)) {
  describe(`a migration on ${backend.name}`, () => {
    afterAll(() => backend.cleanUp());

    it('leaves columns that number rows, or are computed, to those who made them', async () => {
      const [Former, Part] = [before(), after()];
      const db = await backend.connect({ entities: [Former] });
      await db.migrate();
      for (const column of COLUMNS[db.engine] ?? []) await db.execute(`ALTER TABLE parts ADD COLUMN ${column}`);
      await Former.save({ label: 'first' }, { db });
      const again = await (backend.reconnect as NonNullable<typeof backend.reconnect>)(db, { entities: [Part] });
      await again.migrate();
      await Part.save({ label: 'second' }, { db: again });
      const rows = await again.query<Record<string, unknown>>('SELECT * FROM parts ORDER BY label');
      const numbers = db.engine === 'sqlite' ? [{}, {}] : [{ number: 1 }, { number: 2 }];
      expect(rows).toMatchObject([
        { label: 'first', amount: 3, loud: 'FIRST!', ...numbers[0] },
        { label: 'second', amount: 3, loud: 'SECOND!', ...numbers[1] },
      ]);
      expect((await again.plan()).steps).toEqual([]);
    });
  });
}
