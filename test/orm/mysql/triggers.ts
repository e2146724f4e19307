import { afterAll, describe, expect, it } from 'vitest';
import { type Database, Entity, Field, Model, SchemaError } from '../../../src/orm/index.js';
import { flavorOf } from '../../../src/orm/mysql/flavor.js';
import { mysqlTriggers } from '../../../src/orm/mysql/schema/triggers.js';
import { ownDatabase } from '../servers/own-database.js';

@Entity({ table: 'guarded' })
class Guarded extends Model {
  @Field({ type: 'string' }) name?: string;
}

const MYSQL = mysqlTriggers(flavorOf('8.0.36'));

export function describeTriggers(): void {
  describe('triggers', () => {
    const { open, url } = ownDatabase('mysql');
    const user = `guarded_${process.pid}`;
    let admin: Database | undefined;
    afterAll(async () => {
      await admin?.execute(`DROP USER IF EXISTS '${user}'@'%'`);
    });

    it('say which privilege is missing', async () => {
      admin = await open({ entities: [] });
      await admin.execute(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'`);
      const limited = new URL(url());
      Object.assign(limited, { username: user, password: 'pw' });
      await admin.execute(
        `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON \`${limited.pathname.slice(1)}\`.* TO '${user}'@'%'`,
      );
      const db = await open({ entities: [Guarded] }, limited.href);
      const migration = db.migrate();
      await expect(migration).rejects.toBeInstanceOf(SchemaError);
      await expect(migration).rejects.toThrow(/GRANT TRIGGER ON the database/);
    });

    it('hold off writers where one cannot be put in the place of another at once', async () => {
      const db = await open({ entities: [] });
      await db.execute('CREATE TABLE plain (id INT PRIMARY KEY, seen INT)');
      const [before, after] = [1, 2].map((seen) => [
        {
          name: 'mark',
          sql: `CREATE TRIGGER mark AFTER INSERT ON plain FOR EACH ROW SET @seen = ${seen}`,
        },
      ]) as [Array<{ name: string; sql: string }>, Array<{ name: string; sql: string }>];
      const steps = [...MYSQL.change('plain', [], before), ...MYSQL.change('plain', before, after)];
      expect(steps.map(({ description }) => description)).toEqual([
        'create trigger mark of plain',
        'hold off writers of plain',
        'drop trigger mark of plain',
        'create trigger mark of plain',
        'let writers of plain go on',
      ]);
      await db.session.core.unit(async (scope) => {
        for (const { sql } of steps) await scope.run(sql, []);
        await scope.run('INSERT INTO plain VALUES (1, 1)', []);
        expect(await scope.all('SELECT @seen', [])).toEqual([[2]]);
      });
    });
  });
}
