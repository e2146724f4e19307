import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../node_modules/.prisma-clients/', import.meta.url));
const load = createRequire(import.meta.url);

const PROVIDERS = {
  postgres: { provider: 'postgresql', text: '@db.VarChar(255)', time: '@db.Timestamptz(3)' },
  mysql: { provider: 'mysql', text: '@db.VarChar(255)', time: '@db.DateTime(3)' },
  sqlite: { provider: 'sqlite', text: '', time: '' },
};

/** Answers the class `PrismaClient` for an engine, generated on first use and whenever its schema has changed. */
export function prismaClient(engine) {
  const output = join(FOLDER, engine);
  const schema = schemaText(engine, output);
  if (generatedFrom(output) !== schema) generate(output, schema);
  return load(output).PrismaClient;
}

function generatedFrom(output) {
  return existsSync(output) ? readFileSync(`${output}.prisma`, 'utf8') : undefined;
}

/**
 * Version 7 compiles queries in WebAssembly and needs no binary. Its generator would all the same download the one that
 * migrates schemas: any program stands in for that, since it is never called.
 */
function generate(output, text) {
  const schema = `${output}.prisma`;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(schema, text);
  const generator = join(dirname(load.resolve('prisma/package.json')), 'build/index.js');
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  execFileSync(process.execPath, [generator, 'generate', '--schema', schema], { env, stdio: 'pipe' });
}

function schemaText(engine, output) {
  const { provider, text, time } = PROVIDERS[engine];
  return `
generator client {
  provider   = "prisma-client-js"
  output     = "${output}"
  engineType = "client"
}
datasource db {
  provider = "${provider}"
}
model Item {
  id         String    @id ${text}
  name       String    ${text}
  sku        String    @unique ${text}
  category   String    ${text}
  status     String    ${text}
  note       String    ${text}
  price      Int
  stock      Int
  attributes Json
  createdAt  DateTime  ${time}
  updatedAt  DateTime  ${time}
  deletedAt  DateTime? ${time}
  createdBy  String?   ${text}
  updatedBy  String?   ${text}
  version    Int
  @@index([category])
  @@map("items")
}
`;
}
