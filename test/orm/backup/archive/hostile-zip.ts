import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { zip } from '../../../../src/orm/backup/archive/zip-writer.js';
import { type Manifest, manifestText, schemaHash } from '../../../../src/orm/backup/manifest/manifest.js';

export const NAME = 'csv_20260101_000000_abcdef01';

type Contents = Readonly<Record<string, string | Buffer>>;

/** A ZIP with these files, whatever they are called. */
export async function zipOf(files: Contents): Promise<Buffer> {
  const sources = async function* () {
    for (const [name, content] of Object.entries(files)) {
      const bytes = Buffer.from(content);
      yield { name, bytes: bytes.length, content: one(bytes) };
    }
  };
  const chunks: Buffer[] = [];
  for await (const chunk of zip(sources())) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** The manifest of one table `notes` with an id and a text, which tells the truth unless told otherwise. */
export function manifestFor(
  csv: string | Buffer,
  rows: number,
  changes: Partial<Manifest['tables'][number]> = {},
): string {
  const schema: Manifest['schema'] = [
    {
      name: 'notes',
      columns: [
        { name: 'id', type: 'string', length: 255, nullable: false },
        { name: 'text', type: 'text', nullable: true },
      ],
      primaryKey: ['id'],
      foreignKeys: [],
      indexes: [],
      checks: [],
    },
  ];
  const bytes = Buffer.from(csv);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const table = { table: 'notes', file: 'notes.csv', rows, bytes: bytes.length, sha256, ...changes };
  const createdAt = '2026-01-01T00:00:00.000Z';
  return manifestText({
    name: NAME,
    createdAt,
    engine: 'sqlite',
    schema,
    schemaHash: schemaHash(schema),
    tables: [table],
    migration: null,
  });
}

/** A whole backup as a ZIP. */
export function backupZip(csv: string | Buffer, rows: number, changes: Partial<Manifest['tables'][number]> = {}) {
  return zipOf({ [`${NAME}/manifest.json`]: manifestFor(csv, rows, changes), [`${NAME}/notes.csv`]: csv });
}

export async function saveAs(path: string, bytes: Buffer): Promise<string> {
  await writeFile(path, bytes);
  return path;
}

/** A multipart body with one file. */
export function upload(bytes: Buffer, headers: Record<string, string> = {}): RequestInit {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(bytes)]), 'backup.zip');
  return { method: 'POST', body, headers };
}
