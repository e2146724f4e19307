export { findChromium } from './chromium.mjs';
export { checkSqlServer, createDatabase, dropDatabases } from './databases.mjs';
export { freePort } from './free-port.mjs';
export { findMysql, startMysql } from './mysql.mjs';
export { findPostgres, startPostgres } from './postgres.mjs';
export { findRedis, startRedis } from './redis.mjs';
export { unprivilegedOwner } from './unprivileged-owner.mjs';
