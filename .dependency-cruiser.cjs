/**
 * The floor plan as code. A room may import its own files, Node's modules, and the rooms and npm packages listed for it;
 * types count as well. A package's typings (@types/…) go with the package.
 */

const BASE = ['base'];
const STORES = ['base', 'redis'];
const BELOW_FEATURES = ['base', 'redis', 'jobs', 'reliability', 'telemetry', 'orm', 'http'];
const EVERYTHING = [...BELOW_FEATURES, 'features', 'service', 'cli', 'testing', 'index.ts'];

/** Floor by floor, lowest first. */
const ROOMS = {
  base: { rooms: [], packages: [] },
  browser: { rooms: [], packages: [] },
  orm: { rooms: BASE, packages: ['reflect-metadata', 'better-sqlite3', 'pg', 'pg-*', 'mysql2', 'csv-*', '@aws-sdk/*'] },
  redis: { rooms: BASE, packages: ['ioredis', 'ioredis-mock'] },
  jobs: { rooms: STORES, packages: ['cron-parser'] },
  reliability: { rooms: STORES, packages: [] },
  telemetry: { rooms: STORES, packages: ['pino', 'pino-*', 'prom-client', '@opentelemetry/api'] },
  http: {
    rooms: ['base', 'redis', 'jobs', 'reliability', 'telemetry'],
    packages: ['koa', '@koa/*', 'koa-*', 'helmet', 'zod', 'undici', 'ipaddr.js', 'light-my-request'],
  },
  service: {
    rooms: EVERYTHING,
    packages: ['dotenv', 'commander', 'koa', '@koa/*', 'zod', 'light-my-request', 'reflect-metadata'],
  },
  cli: { rooms: EVERYTHING, packages: ['dotenv', 'commander'] },
  testing: { rooms: EVERYTHING, packages: ['koa', 'light-my-request', 'stripe'] },
};

/** Rooms inside src/orm: `model → verbs → history → session → sql → dialect`, `backup → schema → session`, entity beneath all. */
const ORM_ROOMS = {
  entity: { rooms: [], packages: ['reflect-metadata'] },
  dialect: { rooms: ['entity'], packages: [] },
  sql: { rooms: ['entity', 'dialect'], packages: [] },
  session: { rooms: ['entity', 'dialect', 'sql', 'postgres', 'mysql', 'sqlite'], packages: [] },
  history: { rooms: ['entity', 'dialect', 'sql', 'session'], packages: [] },
  verbs: { rooms: ['entity', 'dialect', 'sql', 'session', 'history'], packages: [] },
  schema: { rooms: ['entity', 'dialect', 'sql', 'session'], packages: [] },
  backup: { rooms: ['entity', 'dialect', 'sql', 'session', 'schema'], packages: ['csv-*', '@aws-sdk/*'] },
  pool: { rooms: ['dialect'], packages: [] },
  postgres: { rooms: ['entity', 'dialect', 'sql', 'pool'], packages: ['pg', 'pg-*'] },
  mysql: { rooms: ['entity', 'dialect', 'sql', 'pool'], packages: ['mysql2'] },
  sqlite: { rooms: ['entity', 'dialect', 'sql'], packages: ['better-sqlite3'] },
};

/** Every feature may use these two rooms and these packages; what one feature needs beyond them is listed by name. */
const FEATURE_ROOMS = ['auth', 'saas'];
const FEATURE_PACKAGES = ['zod'];
const FEATURES = {
  audit: { rooms: [], packages: ['csv-stringify'] },
  auth: { rooms: ['email'], packages: ['bcrypt', 'jsonwebtoken', 'otplib'] },
  saas: { rooms: ['email'], packages: [] },
  billing: { rooms: ['email'], packages: ['stripe'] },
  email: { rooms: [], packages: ['nodemailer'] },
  oauth: { rooms: [], packages: ['jsonwebtoken'] },
  'self-test': { rooms: ['tasks'], packages: [] },
};

const DRIVERS = ['better-sqlite3', 'pg', 'mysql2', 'ioredis', 'ioredis-mock'];

const oneOf = (names) => (names.length > 0 ? names.map((name) => name.replace('.', '\\.')).join('|') : '(?!)');
/** The types of Node are no package that anything loads; entry points name them for users whose compiler loads no types unasked. */
const NODE_TYPES = '@types/node';
const packagePath = (names) => {
  const wildcards = names.map((name) => name.replace('.', '\\.').replace('*', '[^/]+'));
  const typings = wildcards.map((name) => `@types/${name.replace(/^@([^/]+)\//, '$1__')}`);
  return `node_modules/(${[...wildcards, ...typings, '(?!)'].join('|')})(/|$)`;
};

/** Two rules: the rooms that `folder` may reach inside `house`, and the packages it may load. */
function room(name, { folder, house, rooms, packages, self }) {
  return [
    {
      name: `${name}-rooms`,
      comment: `${folder} may import only: ${[...rooms, 'itself'].join(', ')}.`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: `^${house}/`, pathNot: `^${house}/(${oneOf([self, ...rooms])})(/|$)` },
    },
    {
      name: `${name}-packages`,
      comment: `${folder} may load only these packages: ${packages.join(', ') || 'none'}.`,
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: 'node_modules/', pathNot: packagePath([...packages, NODE_TYPES]) },
    },
  ];
}

const floors = Object.entries(ROOMS).flatMap(([name, { rooms, packages }]) =>
  room(name, { folder: `src/${name}`, house: 'src', self: name, rooms, packages }),
);

const insideOrm = Object.entries(ORM_ROOMS).flatMap(([name, { rooms, packages }]) =>
  room(`orm-${name}`, { folder: `src/orm/${name}`, house: 'src/orm', self: name, rooms, packages }),
);

const features = [
  {
    name: 'features-floors',
    comment: 'A feature stands on the floors below it; service, cli and testing stand on features.',
    severity: 'error',
    from: { path: '^src/features/' },
    to: { path: '^src/', pathNot: `^src/(${oneOf(['features', ...BELOW_FEATURES])})/` },
  },
  {
    name: 'features-strangers',
    comment: `A feature knows only these other features: ${FEATURE_ROOMS.join(', ')}; more are listed by name.`,
    severity: 'error',
    from: { path: '^src/features/([^/]+)/', pathNot: `^src/features/(${oneOf(Object.keys(FEATURES))})/` },
    to: { path: '^src/features/', pathNot: `^src/features/($1|${oneOf(FEATURE_ROOMS)})/` },
  },
  {
    name: 'features-packages',
    comment: `A feature loads only these packages: ${FEATURE_PACKAGES.join(', ')}; more are listed by name.`,
    severity: 'error',
    from: { path: '^src/features/([^/]+)/', pathNot: `^src/features/(${oneOf(Object.keys(FEATURES))})/` },
    to: { path: 'node_modules/', pathNot: packagePath(FEATURE_PACKAGES) },
  },
  ...Object.entries(FEATURES).flatMap(([name, { rooms, packages }]) =>
    room(`features-${name}`, {
      folder: `src/features/${name}`,
      house: 'src/features',
      self: name,
      rooms: [...FEATURE_ROOMS, ...rooms],
      packages: [...FEATURE_PACKAGES, ...packages],
    }),
  ),
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors,
    ...insideOrm,
    ...features,
    {
      name: 'orm-loads-engines-on-demand',
      comment:
        'An engine folder is loaded by a dynamic import() on the URL scheme, so that unused drivers stay unloaded.',
      severity: 'error',
      from: { path: '^src/orm/', pathNot: '^src/orm/(postgres|mysql|sqlite)/' },
      to: { path: '^src/orm/(postgres|mysql|sqlite)/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'drivers-in-their-rooms',
      comment: 'A driver is known to its engine folder (src/orm/…) or to src/redis alone.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(orm/(postgres|mysql|sqlite)|redis)/' },
      to: { path: packagePath(DRIVERS) },
    },
    {
      name: 'examples-use-the-front-door',
      comment: 'An example imports app-kernel as a user does: by its subpaths.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^src/', pathNot: '^src/((orm|jobs|testing)/)?index\\.ts$' },
    },
    {
      name: 'no-cycle',
      comment: 'Files that import each other cannot be understood one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-stands-alone',
      comment: 'What users install imports nothing from test/, scripts/ or examples/.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|examples|benchmarks)/' },
    },
    {
      name: 'no-dev-dependency',
      comment:
        'What users install must be a dependency, or a peer that they choose, else it is missing on their machines.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'no-unresolvable',
      comment: 'The import leads nowhere. What benchmarks compare with, and dist/, are there only once they have run.',
      severity: 'error',
      from: { pathNot: '^benchmarks/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.mts', '.mjs', '.js', '.cjs', '.d.ts', '.json'],
    },
  },
};
