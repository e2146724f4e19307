import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface S3rver {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}

type S3rverClass = new (options: object) => S3rver;

const BUCKET = 'backups';

/** A server that speaks like Amazon S3, in this process, with one bucket. */
export class S3Server {
  readonly #folder: string;
  readonly #server: S3rver;
  #port = 0;

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'app-kernel-s3-'));
    const Server = createRequire(import.meta.url)('s3rver') as S3rverClass;
    const configureBuckets = [{ name: BUCKET, configs: [] }];
    this.#server = new Server({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: this.#folder,
      configureBuckets,
    });
  }

  static async start(): Promise<S3Server> {
    const server = new S3Server();
    server.#port = (await server.#server.run()).port;
    return server;
  }

  /** What `backupStore` takes. @param prefix a place of this test's own */
  url(prefix: string): string {
    return `s3://S3RVER:S3RVER@${BUCKET}/${prefix}?endpoint=http://127.0.0.1:${this.#port}`;
  }

  /** The keys below a prefix, without it. */
  async keys(prefix: string): Promise<string[]> {
    const files = await readdir(join(this.#folder, BUCKET), { recursive: true });
    return files
      .filter((file) => file.startsWith(`${prefix}/`) && file.endsWith('._S3rver_object'))
      .map((file) => file.slice(prefix.length + 1, -'._S3rver_object'.length))
      .sort();
  }

  read(prefix: string, key: string): Promise<Buffer> {
    return readFile(this.#path(prefix, key));
  }

  /** Puts other bytes where an object is, as who breaks into a store could. */
  async tamper(prefix: string, key: string, change: (bytes: Buffer) => Buffer): Promise<void> {
    await writeFile(this.#path(prefix, key), change(await this.read(prefix, key)));
  }

  /** Removes one object. */
  remove(prefix: string, key: string): void {
    for (const kind of ['object', 'object.md5', 'metadata.json'])
      rmSync(join(this.#folder, BUCKET, prefix, `${key}._S3rver_${kind}`), { force: true });
  }

  async close(): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(prefix: string, key: string): string {
    return join(this.#folder, BUCKET, prefix, `${key}._S3rver_object`);
  }
}
