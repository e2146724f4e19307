import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/orm/dialect/dialect.js';
import type { TableShape } from '../../../src/orm/dialect/shape.js';
import { entityMeta } from '../../../src/orm/entity/registry.js';
import { createDialect } from '../../../src/orm/mysql/dialect.js';
import { flavorOf } from '../../../src/orm/mysql/flavor.js';
import { changeOnline } from '../../../src/orm/mysql/schema/change-online.js';
import { changeTable } from '../../../src/orm/mysql/schema/change-table.js';
import { EntityPlan } from '../../../src/orm/sql/entity-plan.js';
import { changeWhere, type WhereChange } from '../../../src/orm/sql/write/change-where.js';
import { insertStatements } from '../../../src/orm/sql/write/insert-many.js';
import { recordEnds, removeRecorded } from '../../../src/orm/sql/write/remove-where.js';
import { updateStatements } from '../../../src/orm/sql/write/update-many.js';
import type { Backend } from '../../conformance/orm/backend.js';
import { describeChangeEvents } from '../../conformance/orm/change-events.js';
import { describeChangingMany } from '../../conformance/orm/changing-many.js';
import { Product } from '../../conformance/orm/entities.js';
import { describeMatchingMany } from '../../conformance/orm/matching-many.js';
import { BACKENDS } from '../backends.js';

const MYSQL = createDialect(flavorOf('8.0.36'), 'shop');
const MARIADB = createDialect(flavorOf('10.11.6-MariaDB'), 'shop');
const planOn = (dialect: Dialect): EntityPlan => new EntityPlan(entityMeta(Product), dialect);

const condition = { shape: 'all', values: [7], write: (next: () => string) => `price > ${next()}` };
const made = { now: '2026-01-02T03:04:05.678Z', actorId: 'ann', comment: null };

/** The SQL that writes of a product take. */
function writes(dialect: Dialect): string[] {
  const plan = planOn(dialect);
  const row = [...plan.defaults];
  const change: WhereChange = { sets: [{ column: plan.column('price'), value: 9 }], condition, made };
  const indexes = [plan.column('price').index, plan.column('tags').index];
  return [
    changeWhere(plan, change, 'count').sql,
    recordEnds(plan, condition, made).sql,
    removeRecorded(plan, condition, 'count').sql,
    ...insertStatements(plan, [row, row], undefined).map(({ sql }) => sql),
    ...updateStatements(plan, indexes, [row, row], undefined).map(({ sql }) => sql),
  ];
}

const table: TableShape = {
  name: 'products',
  columns: [
    { name: 'id', type: 'varchar(36)', nullable: false, default: undefined },
    { name: 'name', type: 'varchar(255)', nullable: false, default: "'x'" },
    { name: 'body', type: 'longtext', nullable: true, default: "'long'" },
    { name: 'price', type: 'bigint', nullable: true, default: '0' },
    { name: 'deleted_at', type: 'datetime(3)', nullable: true, default: undefined },
  ],
  primaryKey: ['id'],
  checks: [{ name: 'ck_price', expression: 'price >= 0' }],
  foreignKeys: [],
  indexes: [{ name: 'uq_name', columns: ['name'], unique: true, liveOnly: true }],
  triggers: [],
};

describe('SQL for MySQL 8', () => {
  it('knows what the server lacks, and takes locks and looks instead', () => {
    expect(MYSQL.name).toBe('mysql');
    for (const ability of ['changeReturning', 'changeManyReturning', 'indexedUpsert'] as const) {
      expect(MYSQL[ability], ability).toBeUndefined();
      expect(MARIADB[ability], ability).toBeDefined();
    }
    expect(MYSQL.capabilities).toMatchObject({ upserts: false, writableCtes: false, transactionalDdl: false });
  });

  it('never asks a write for its rows, nor for a function that only MariaDB has', () => {
    for (const sql of writes(MYSQL)) expect(sql).not.toMatch(/RETURNING|JSON_EQUALS|CREATE OR REPLACE/);
  });

  it('names the row that could not be inserted, where VALUES(column) is deprecated', () => {
    const [sql] = writes(MYSQL).slice(-1);
    expect(sql).toMatch(/\) AS new\$ ON DUPLICATE KEY UPDATE `price` = new\$\.`price`, `tags` = new\$\.`tags`$/);
    expect(writes(MARIADB).at(-1)).toMatch(/\) ON DUPLICATE KEY UPDATE `price` = VALUES\(`price`\)/);
    for (const other of writes(MYSQL)) expect(other).not.toMatch(/VALUES\(`/);
  });

  it('keeps json as text, for the JSON type would reorder and rewrite it', () => {
    const tags = planOn(MYSQL).column('tags').field;
    expect(MYSQL.column(tags).type).toBe('longtext');
  });

  it('makes tables with a collation that compares bytes, checks, and defaults of long text as expressions', () => {
    const [created] = MYSQL.createTable(table);
    expect(created?.sql).toMatch(/COLLATE utf8mb4_0900_bin$/);
    expect(created?.sql).toContain("`name` varchar(255) COLLATE utf8mb4_0900_bin NOT NULL DEFAULT 'x'");
    expect(created?.sql).toContain("`body` longtext COLLATE utf8mb4_0900_bin NULL DEFAULT ('long')");
    expect(created?.sql).toContain('CONSTRAINT `ck_price` CHECK (price >= 0)');
    expect(created?.sql).toMatch(/`_live_\w+` tinyint GENERATED ALWAYS AS \(IF\(.*, 1, NULL\)\) VIRTUAL INVISIBLE/);
    expect(MARIADB.createTable(table)[0]?.sql).toMatch(/COLLATE utf8mb4_nopad_bin$/);
  });

  it('leaves the algorithm of a change to the server, which adds columns at once where it can', () => {
    const flavor = flavorOf('8.0.36');
    const target = {
      ...table,
      columns: [...table.columns, { name: 'extra', type: 'bigint', nullable: true, default: undefined }],
      checks: [],
    };
    for (const change of [changeTable, changeOnline]) {
      const sql = change(flavor, table, target, []).map((step) => step.sql);
      expect(sql.join('\n')).not.toMatch(/ALGORITHM|LOCK=/);
      expect(sql[0]).toBe('ALTER TABLE `products`\n  ADD COLUMN `extra` bigint NULL');
      expect(sql.join('\n')).toContain('DROP CONSTRAINT `ck_price`');
    }
  });

  it('changes a trigger while nobody writes, for it cannot be replaced at once', () => {
    const trigger = (statement: string) => {
      const sql = MYSQL.triggers?.sql({ name: 'record_p', table: 'products', event: 'INSERT', statement }) ?? '';
      return { name: 'record_p', sql };
    };
    const steps = MYSQL.triggers?.change('products', [trigger('SET @a = 1')], [trigger('SET @a = 2')]) ?? [];
    expect(steps.map(({ sql }) => sql)).toEqual([
      'LOCK TABLES `products` WRITE',
      'DROP TRIGGER IF EXISTS `record_p`',
      'CREATE TRIGGER `record_p` AFTER INSERT ON `products` FOR EACH ROW SET @a = 2',
      'UNLOCK TABLES',
    ]);
  });

  it('tells servers apart by their version, and refuses those that are too old', () => {
    for (const version of ['8.0.23', '8.4.2', '9.1.0', '8.0.36-28']) expect(flavorOf(version).name).toBe('mysql');
    for (const version of ['8.0.22', '5.7.44-log']) expect(() => flavorOf(version)).toThrow(/MySQL 8\.0\.23 at least/);
    expect(flavorOf('8.4.2')).toMatchObject({ isolationVariable: 'transaction_isolation', literalDefaults: false });
    expect(flavorOf('8.4.2').statementLimit).toEqual({ variable: 'max_execution_time', perSecond: 1000 });
  });
});

/** What MySQL 8, and MariaDB before 10.7, cannot do. */
const ABILITIES = ['changeReturning', 'changeManyReturning', 'indexedUpsert'] as const;

/** The server that is there, used like one whose writes answer no rows. */
function withoutReturning(backend: Backend): Backend {
  return {
    ...backend,
    connect: async (options) => {
      const db = await backend.connect(options);
      for (const ability of ABILITIES) delete db.session.core.dialect[ability];
      return db;
    },
  };
}

for (const backend of BACKENDS.filter(({ name }) => name === 'mysql')) {
  describe(`${backend.name} without RETURNING`, () => {
    const plain = withoutReturning(backend);
    describeChangingMany(plain);
    describeChangeEvents(plain);
    describeMatchingMany(plain);
  });
}
