import type { TriggerDialect } from '../../dialect/dialect.js';
import type { SchemaStep, TriggerShape } from '../../dialect/shape.js';
import { quote, step } from '../quote.js';

/** SQLite keeps the text of a trigger as it was written. The change is part of the migration's transaction. */
export const triggers: TriggerDialect = {
  sql: ({ name, table, event, when, statement }) => {
    const condition = when === undefined ? '' : ` WHEN ${when}`;
    return `CREATE TRIGGER ${quote(name)} AFTER ${event} ON ${quote(table)} FOR EACH ROW${condition} BEGIN ${statement}; END`;
  },
  change: (table, current, target) => [
    ...without(current, target).map(({ name }) =>
      step(`DROP TRIGGER ${quote(name)}`, `drop trigger ${name} of ${table}`),
    ),
    ...without(target, current).map((trigger) => createTrigger(table, trigger)),
  ],
};

export function createTrigger(table: string, { name, sql }: TriggerShape): SchemaStep {
  return step(sql, `create trigger ${name} of ${table}`);
}

function without(from: readonly TriggerShape[], others: readonly TriggerShape[]): TriggerShape[] {
  const texts = new Set(others.map(({ sql }) => sql));
  return from.filter(({ sql }) => !texts.has(sql));
}
