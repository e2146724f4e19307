import type { TriggerDialect } from '../../dialect/dialect.js';
import type { RowTrigger, SchemaStep, TriggerShape } from '../../dialect/shape.js';
import type { Flavor } from '../flavor.js';
import { quote, step } from '../quote.js';

/**
 * MariaDB puts a trigger in the place of another one at once. MySQL cannot, so there nobody may write to the table
 * meanwhile; the connection lets them go on when its transaction ends, also where a step has failed.
 */
export function mysqlTriggers(flavor: Flavor): TriggerDialect {
  return {
    sql: ({ event, when, statement, ...place }) =>
      triggerSql(place, event, when === undefined ? statement : `IF ${when} THEN ${statement}; END IF`),
    change: (table, current, target) => {
      const texts = new Map(current.map(({ name, sql }) => [name, sql]));
      const kept = new Set(target.map(({ name }) => name));
      const gone = current.filter(({ name }) => !kept.has(name)).map(({ name }) => dropTrigger(table, name));
      const changed = target.filter(({ name, sql }) => texts.get(name) !== sql);
      if (flavor.replacesTriggers) return [...gone, ...changed.map((trigger) => createTrigger(table, trigger, true))];
      const replaced = changed.filter(({ name }) => texts.has(name));
      const steps = [
        ...replaced.map(({ name }) => dropTrigger(table, name)),
        ...changed.map((trigger) => createTrigger(table, trigger, false)),
      ];
      return [...gone, ...(replaced.length > 0 ? locked(table, steps) : steps)];
    },
  };
}

export function triggerSql({ name, table }: Pick<RowTrigger, 'name' | 'table'>, event: string, body: string): string {
  return `CREATE TRIGGER ${quote(name)} AFTER ${event} ON ${quote(table)} FOR EACH ROW ${body}`;
}

function createTrigger(table: string, { name, sql }: TriggerShape, replace: boolean): SchemaStep {
  const statement = replace ? sql.replace(/^CREATE/, 'CREATE OR REPLACE') : sql;
  return step(statement, `create trigger ${name} of ${table}`);
}

function dropTrigger(table: string, name: string): SchemaStep {
  return step(`DROP TRIGGER IF EXISTS ${quote(name)}`, `drop trigger ${name} of ${table}`);
}

function locked(table: string, steps: readonly SchemaStep[]): SchemaStep[] {
  return [
    step(`LOCK TABLES ${quote(table)} WRITE`, `hold off writers of ${table}`),
    ...steps,
    step(UNLOCK_TABLES, `let writers of ${table} go on`),
  ];
}

export const UNLOCK_TABLES = 'UNLOCK TABLES';
