import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

export const MODIFIED = new Date('2026-01-02T03:04:05.000Z');
export const SCRIPT = 'export const answer = 42;\n'.repeat(20);

export interface Site extends AsyncDisposable {
  /** What is served. */
  folder: string;
  write(name: string, content: string | Buffer): Promise<void>;
}

/** A folder as a build leaves it, beside what nobody may read. */
export async function makeSite(): Promise<Site> {
  const outside = await realpath(await mkdtemp(join(tmpdir(), 'app-kernel-static-')));
  const folder = join(outside, 'static');
  const write: Site['write'] = async (name, content) => {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, MODIFIED, MODIFIED);
  };
  await write('index.html', '<h1>top</h1>');
  await write('docs/index.html', '<h1>docs</h1>');
  await write('empty/readme.txt', 'no index here');
  await write('assets/index-BxY_3kPq.js', SCRIPT);
  await write('assets/index-BxY_3kPq.js.br', brotliCompressSync(SCRIPT));
  await write('assets/index-BxY_3kPq.js.gz', gzipSync(SCRIPT));
  await write('app.js', 'plain');
  await write('0123456789.txt', '0123456789');
  await write('nothing.css', '');
  await write('a name with ü.txt', 'named');
  await write('LICENSE', 'free');
  await write('.env', 'SECRET=canary');
  await write('.git/config', 'canary');
  await write('x/.hidden', 'canary');
  await writeFile(join(outside, 'secret.txt'), 'canary');
  await writeFile(join(`${folder}-beside.txt`), 'canary');
  await symlink(join(outside, 'secret.txt'), join(folder, 'leak.txt'));
  await symlink(outside, join(folder, 'up'));
  await symlink('.env', join(folder, 'env.txt'));
  await symlink('app.js', join(folder, 'linked.js'));
  await symlink('loop', join(folder, 'loop'));
  return { folder, write, [Symbol.asyncDispose]: () => rm(outside, { recursive: true, force: true }) };
}
