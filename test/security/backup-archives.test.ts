import { mkdtempSync, rmSync } from 'node:fs';
import { cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Entity, Field, Model } from '../../src/orm/index.js';
import { backupZip, manifestFor, NAME, upload, zipOf } from '../orm/backup/archive/hostile-zip.js';
import { freshService, releaseServices } from '../service/setup/fresh-service.js';
import { json, login, problemOf } from '../service/setup/http-calls.js';

@Entity({ table: 'formulas' })
class Formula extends Model {
  @Field({ type: 'string' }) text!: string;
}

const ADMIN = { email: 'root@example.com', password: 'three blue lanterns 77' };
const BASE = '/api/v1/admin/db';
const MIB = 1024 * 1024;
const CSV = 'id,text\na,b\n';

const folder = mkdtempSync(join(tmpdir(), 'app-kernel-archives-'));
const backups = join(folder, '.data', 'backups');
let baseUrl: string;
let authorization: string;
const send = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${baseUrl}${path}`, { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } });
const uploaded = (bytes: Buffer): Promise<Response> => send(`${BASE}/backups/upload`, upload(bytes));

beforeAll(async () => {
  const service = freshService({ entities: [Formula], admin: ADMIN, rootDir: folder, dataDir: join(folder, '.data') });
  const { port } = (await service.listen(0)).address() as AddressInfo;
  baseUrl = `http://127.0.0.1:${port}`;
  authorization = (await login((path, init) => fetch(`${baseUrl}${path}`, init), ADMIN.email, ADMIN)).headers
    .authorization;
});
afterAll(async () => {
  await releaseServices();
  rmSync(folder, { recursive: true, force: true });
});

/** How much more memory the process had at its highest while `work` ran, bytes. */
async function growthDuring(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  await work();
  clearInterval(watch);
  return Math.max(most, process.memoryUsage.rss()) - before;
}

/** Zeros that unpack to `mebibytes`, in about a thousandth of it: one packed piece over and over again. */
function packedZeros(mebibytes: number): Buffer {
  const piece = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([...Array.from({ length: mebibytes }, () => piece), Buffer.from([3, 0])]);
}

/** The same ZIP with other packed bytes for its last file. */
async function withPacked(packed: Buffer): Promise<Buffer> {
  const plain = await zipOf({ [`${NAME}/manifest.json`]: manifestFor(CSV, 1), [`${NAME}/notes.csv`]: '' });
  const directory = plain.lastIndexOf(Buffer.from('PK\x01\x02'));
  const data = plain.indexOf(`${NAME}/notes.csv`) + `${NAME}/notes.csv`.length;
  const firstEntry = plain.indexOf(Buffer.from('PK\x01\x02'));
  const head = plain.subarray(0, data);
  const tail = Buffer.from(plain.subarray(firstEntry));
  tail.writeUInt32LE(packed.length, directory - firstEntry + 20);
  tail.writeUInt32LE(data + packed.length, tail.length - 6);
  return Buffer.concat([head, packed, tail]);
}

describe('row 42: the name of a backup', () => {
  const names = [
    '..',
    '../..',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fetc',
    '..%2f..%2fetc%2fpasswd',
    'a%00b',
    '%2fetc%2fpasswd',
    '.',
    'CSV_',
  ];
  it.each([...names, `${NAME}%00`, `${NAME}%2f..`, 'x'.repeat(5000)])('%s leads nowhere', async (name) => {
    const response = await send(`${BASE}/backups/${name}/download`);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await response.text()).not.toContain('root:');
  });

  it.each(['../..', '..', '/etc', `${NAME}/..`, `${NAME}\0`, '%2e%2e', 'x'.repeat(5000), 7, null, ['..'], { a: 1 }])(
    'or a hash, sent as %j, is refused',
    async (name) => {
      for (const kind of ['full', 'csv']) {
        const response = await send(`${BASE}/restore/${kind}`, json({ backup_name: name, confirm: true }));
        expect(response.status, kind).toBeGreaterThanOrEqual(400);
        expect(response.status, kind).toBeLessThan(500);
      }
      const hash = await send(`${BASE}/migrations/${encodeURIComponent(String(name))}`);
      expect(hash.status).toBeGreaterThanOrEqual(400);
      expect(hash.status).toBeLessThan(500);
    },
  );

  it('that is a link to another folder is refused', async () => {
    const made = (await (await send(`${BASE}/backup`, json({}))).json()) as { csv_dir: string };
    const link = 'csv_20260101_000000_abcdef09';
    await cp(join(backups, made.csv_dir), join(folder, link), { recursive: true });
    await symlink(join(folder, link), join(backups, link));
    for (const answer of [
      await send(`${BASE}/backups/${link}/download`),
      await send(`${BASE}/restore/full`, json({ backup_name: link, confirm: true })),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(await answer.text()).toContain('is a link, or no folder');
    }
    await rm(join(backups, link));
  });

  it('in an archive leads nowhere either', async () => {
    const manifest = manifestFor(CSV, 1);
    const hostile = [
      '../../evil.csv',
      '../evil.csv',
      `${NAME}/../../evil.csv`,
      `${NAME}/../evil.csv`,
      '/etc/evil.csv',
      `${NAME}\\..\\evil.csv`,
      'C:\\evil.csv',
      `${NAME}/a/b.csv`,
      `${NAME}/evil\0.csv`,
      `${NAME}/.bashrc`,
      `${NAME}/evil.csv`,
      `${NAME}/manifest.json.sealed`,
      'csv_20260101_000000_abcdef02/evil.csv',
    ];
    for (const name of hostile) {
      const bytes = await zipOf({ [`${NAME}/manifest.json`]: manifest, [`${NAME}/notes.csv`]: CSV, [name]: 'evil' });
      const { detail } = await problemOf(await uploaded(bytes), 400);
      expect(detail, name).toMatch(/^(Invalid path in ZIP: |ZIP must contain a backup directory)/);
      expect(detail.length).toBeLessThan(200);
    }
    expect((await readdir(folder, { recursive: true })).filter((path) => path.includes('evil'))).toEqual([]);
  });

  it('is no link, and none is made', async () => {
    const bytes = await backupZip(CSV, 1);
    const entry = bytes.lastIndexOf(Buffer.from('PK\x01\x02'));
    bytes.writeUInt32LE((0o120777 << 16) >>> 0, entry + 38);
    expect((await problemOf(await uploaded(bytes), 400)).detail).toBe(`Invalid path in ZIP: ${NAME}/notes.csv`);
  });
});

describe('row 46: a formula', () => {
  it('stays in a backup what it is: the files are for machines, and byte-exact', async () => {
    const texts = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '=HYPERLINK("http://x","y")'];
    await Formula.saveMany(texts.map((text) => ({ text })));
    const made = (await (await send(`${BASE}/backup`, json({}))).json()) as { csv_dir: string };
    const csv = await readFile(join(backups, made.csv_dir, 'formulas.csv'), 'utf8');
    for (const text of texts) expect(csv).toContain(text.replaceAll('"', '""'));
    expect(csv).not.toContain("'=");
  });
});

describe('row 47: a bomb', { timeout: 60_000 }, () => {
  it('that unpacks to more than it says is left as soon as it does', async () => {
    const bomb = await withPacked(packedZeros(4_000));
    expect(bomb.length).toBeLessThan(8 * MIB);
    const growth = await growthDuring(async () => {
      const { detail } = await problemOf(await uploaded(bomb), 422);
      expect(detail).toBe(`notes.csv is longer than ${CSV.length} bytes`);
    });
    expect(growth).toBeLessThan(150 * MIB);
  });

  it('that says it is longer than the disk has room for is not unpacked', async () => {
    const { detail } = await problemOf(await uploaded(await backupZip(CSV, 1, { bytes: 2 ** 50 })), 400);
    expect(detail).toMatch(/for which there is no room$/);
  });

  it('in its manifest is not read', async () => {
    const bytes = await zipOf({ [`${NAME}/manifest.json`]: Buffer.alloc(500 * MIB, ' '), [`${NAME}/notes.csv`]: CSV });
    const growth = await growthDuring(async () => {
      expect((await problemOf(await uploaded(bytes), 422)).detail).toMatch(/is too large$/);
    });
    expect(growth).toBeLessThan(200 * MIB);
    const nested = `{"format":2,"schema":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    await problemOf(await uploaded(await zipOf({ [`${NAME}/manifest.json`]: nested })), 422);
  });

  it('of entries is not listed', async () => {
    const bytes = Buffer.from(await backupZip(CSV, 1));
    bytes.writeUInt16LE(60_000, bytes.length - 12);
    expect((await problemOf(await uploaded(bytes), 400)).detail).toBe('Invalid ZIP file');
  });

  it('in a compressed body is not unpacked at all', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'multipart/form-data; boundary=x', authorization };
    const response = await send(`${BASE}/backups/upload`, { method: 'POST', headers, body: 'x' });
    expect(response.status).toBe(415);
  });

  it('of columns, or of one huge value, is refused when it is restored', async () => {
    const kept = await Formula.save({ text: 'kept' });
    const rows: Array<[Buffer, RegExp]> = [
      [Buffer.from(`id,text\na${',b'.repeat(1_000_000)}\n`), /has more values than any record may have|has \d+ values/],
      [Buffer.from(`id${',text'.repeat(1_000_000)}\n`), /has more values than any record may have/],
      [
        Buffer.concat([Buffer.from('id,text\na,"'), Buffer.alloc(300 * MIB, 'x'), Buffer.from('"\n')]),
        /is longer than any record/,
      ],
      [Buffer.concat([Buffer.from('id,text\n'), Buffer.alloc(300 * MIB, '\n')]), /Row 1 of notes\.csv has 1 values/],
    ];
    for (const [csv, message] of rows) {
      expect(await (await uploaded(await backupZip(csv, 1))).json()).toMatchObject({ status: 'ok', backup_name: NAME });
      const growth = await growthDuring(async () => {
        const request = json({ backup_name: NAME, confirm: true });
        expect((await problemOf(await send(`${BASE}/restore/full`, request), 422)).detail).toMatch(message);
      });
      expect(growth, String(message)).toBeLessThan(400 * MIB);
      rmSync(join(backups, NAME), { recursive: true });
    }
    expect(await Formula.get(kept.id)).toEqual(kept);
  }, 120_000);
});
