/** What differs between the two engines when whole databases come and go. */
const ENGINES = {
  'postgresql:': {
    connect: connectPostgres,
    quote: (name) => `"${name}"`,
    list: 'SELECT datname AS name FROM pg_database',
    drop: (quoted) => `DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`,
    create: (quoted) => `CREATE DATABASE ${quoted} TEMPLATE template0 ENCODING 'UTF8'`,
  },
  'mysql:': {
    connect: connectMysql,
    quote: (name) => `\`${name}\``,
    list: 'SELECT schema_name AS name FROM information_schema.schemata',
    drop: (quoted) => `DROP DATABASE IF EXISTS ${quoted}`,
    create: (quoted) => `CREATE DATABASE ${quoted} CHARACTER SET utf8mb4`,
  },
};

const PROTOCOLS = { 'postgres:': 'postgresql:', 'mariadb:': 'mysql:' };

function engineOf(url) {
  const { protocol } = new URL(url);
  const engine = ENGINES[PROTOCOLS[protocol] ?? protocol];
  if (!engine) throw new Error(`"${protocol}" is neither postgresql: nor mysql:`);
  return engine;
}

async function connectPostgres(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  return { query: async (sql) => (await client.query(sql)).rows, end: () => client.end() };
}

async function connectMysql(url) {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:'), connectTimeout: 5_000 });
  return { query: async (sql) => (await connection.query(sql))[0], end: () => connection.end() };
}

async function withServer(url, work) {
  const engine = engineOf(url);
  const connection = await engine.connect(url);
  try {
    return await work(engine, connection);
  } finally {
    await connection.end();
  }
}

/** Throws unless the server answers and lets this user in. */
export async function checkSqlServer(url) {
  await withServer(url, (_engine, connection) => connection.query('SELECT 1'));
}

/** Makes the empty database `name` on the server of `url`; answers its own URL. */
export async function createDatabase(url, name) {
  assertName(name);
  await withServer(url, (engine, connection) => connection.query(engine.create(engine.quote(name))));
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.toString();
}

/** Drops every database of the server whose name begins with `prefix`; answers their names. */
export async function dropDatabases(url, prefix) {
  assertName(prefix);
  return withServer(url, async (engine, connection) => {
    const rows = await connection.query(engine.list);
    const doomed = rows.map(({ name }) => name).filter((name) => name.startsWith(prefix));
    for (const name of doomed) await connection.query(engine.drop(engine.quote(name)));
    return doomed;
  });
}

function assertName(name) {
  if (!/^app_kernel_test_[a-z0-9_]{1,40}$/.test(name)) {
    throw new Error(`"${name}" is no name of a test database: app_kernel_test_<letters, digits, _>`);
  }
}
