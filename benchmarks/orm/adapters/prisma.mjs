import { createTablesFor, FLUSH_COMMITS, POOL_SIZE, WAL } from '../drivers.mjs';
import { completeRow, REPLACED } from '../rows.mjs';
import { prismaClient } from './prisma-client.mjs';

const NO_SUCH_ROW = 'P2025';

const DRIVER_ADAPTERS = {
  async postgres({ url }) {
    const { PrismaPg } = await import('@prisma/adapter-pg');
    return new PrismaPg({ connectionString: url, max: POOL_SIZE });
  },
  async mysql({ url }) {
    const { PrismaMariaDb } = await import('@prisma/adapter-mariadb');
    const { hostname: host, port, username: user, pathname } = new URL(url);
    return new PrismaMariaDb({
      host,
      port: Number(port),
      user,
      database: pathname.slice(1),
      connectionLimit: POOL_SIZE,
    });
  },
  async sqlite({ file }) {
    const { PrismaBetterSqlite3 } = await import('@prisma/adapter-better-sqlite3');
    return new PrismaBetterSqlite3({ url: `file:${file}` }, { timestampFormat: 'unixepoch-ms' });
  },
};

/** The Rust-free client of version 7 with its driver adapters. */
export async function open(options) {
  const { engine } = options;
  const PrismaClient = prismaClient(engine);
  const prisma = new PrismaClient({ adapter: await DRIVER_ADAPTERS[engine](options) });
  if (engine === 'sqlite') await prisma.$queryRawUnsafe(WAL);
  if (engine === 'sqlite') await prisma.$executeRawUnsafe(FLUSH_COMMITS);
  const { item } = prisma;

  return {
    create: () => createTablesFor(options),
    close: () => prisma.$disconnect(),
    insert: (own) => item.create({ data: completeRow(own) }),
    async insertMany(owns) {
      const rows = owns.map(completeRow);
      await item.createMany({ data: rows });
      return rows;
    },
    get: (id) => item.findUnique({ where: { id, deletedAt: null } }),
    findByCategory: (category) => item.findMany({ where: { category, deletedAt: null } }),
    findAll: () => item.findMany({ where: { deletedAt: null } }),
    count: (category) => item.count({ where: { category, deletedAt: null } }),
    update: (id, { price, stock }) =>
      orNull(
        item.update({
          where: { id, deletedAt: null },
          data: { price, stock, updatedAt: new Date(), version: { increment: 1 } },
        }),
      ),
    upsert(own) {
      const row = completeRow(own);
      const replaced = Object.fromEntries(REPLACED.map((property) => [property, row[property]]));
      return item.upsert({ where: { sku: row.sku }, create: row, update: { ...replaced, version: { increment: 1 } } });
    },
  };
}

async function orNull(update) {
  try {
    return await update;
  } catch (error) {
    if (error.code === NO_SUCH_ROW) return null;
    throw error;
  }
}
