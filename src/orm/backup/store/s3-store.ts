import { createHash } from 'node:crypto';
import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import { ConnectionError, NotFoundError } from '../../../base/errors.js';
import type { ObjectStore, StoredObject } from './object-store.js';
import type { StoreAddress } from './store-url.js';

type Sdk = typeof import('@aws-sdk/client-s3');

/** What memory holds of a file on its way there; S3 takes no smaller part than 5 MiB, and at most 10,000. */
const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;
const KEYS_PER_REMOVAL = 1_000;
const CONNECT_MS = 5_000;
/** Nothing was heard of the server for so long. */
const SILENCE_MS = 60_000;

/** Loads `@aws-sdk/client-s3`. */
export async function openS3Store(address: StoreAddress): Promise<ObjectStore> {
  const sdk = await import('@aws-sdk/client-s3');
  const { region, endpoint, credentials } = address;
  const client = new sdk.S3Client({
    region,
    ...(endpoint && { endpoint, forcePathStyle: true }),
    ...(credentials && { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED', // other servers than Amazon's do not know the newer sums
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
  });
  return new S3Store(sdk, client, address);
}

/** A bucket of Amazon S3, or of a server that speaks like it. */
class S3Store implements ObjectStore {
  readonly label: string;
  readonly #sdk: Sdk;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(sdk: Sdk, client: S3Client, { bucket, prefix }: StoreAddress) {
    this.label = `s3://${bucket}/${prefix}`;
    this.#sdk = sdk;
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.#asked(() =>
        this.#client.send(
          new this.#sdk.ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ContinuationToken: token,
          }),
        ),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? [])
        found.push({ key: Key.slice(this.#prefix.length), bytes: Size, writtenAt: LastModified?.getTime() ?? 0 });
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return found;
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, bytes: number): Promise<void> {
    const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / MAX_PARTS));
    if (bytes > partBytes) return this.#putInParts(this.#place(key), partsOf(source, partBytes));
    for await (const Body of partsOf(source, Math.max(1, bytes)))
      await this.#asked(() =>
        this.#client.send(new this.#sdk.PutObjectCommand({ ...this.#place(key), Body, ContentMD5: md5(Body) })),
      );
  }

  async get(key: string): Promise<AsyncIterable<Uint8Array>> {
    const { Body } = await this.#asked(
      () => this.#client.send(new this.#sdk.GetObjectCommand(this.#place(key))),
      `${this.label}${key}`,
    );
    return this.#unbroken(Body as unknown as AsyncIterable<Uint8Array>);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += KEYS_PER_REMOVAL) {
      const Objects = keys.slice(at, at + KEYS_PER_REMOVAL).map((key) => ({ Key: this.#prefix + key }));
      const { Errors = [] } = await this.#asked(() =>
        this.#client.send(
          new this.#sdk.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        ),
      );
      if (Errors.length > 0) throw new ConnectionError(`${this.label} did not remove ${Errors[0]?.Key}`);
    }
  }

  close(): void {
    this.#client.destroy();
  }

  /** Nothing can be read of it until it is complete; what was sent of one that fails is thrown away. */
  async #putInParts(place: { Bucket: string; Key: string }, parts: AsyncIterable<Buffer>): Promise<void> {
    const { UploadId } = await this.#asked(() => this.#client.send(new this.#sdk.CreateMultipartUploadCommand(place)));
    const upload = { ...place, UploadId };
    try {
      const done: CompletedPart[] = [];
      for await (const Body of parts) {
        const PartNumber = done.length + 1;
        const { ETag } = await this.#asked(() =>
          this.#client.send(new this.#sdk.UploadPartCommand({ ...upload, PartNumber, Body, ContentMD5: md5(Body) })),
        );
        done.push({ PartNumber, ETag });
      }
      const MultipartUpload = { Parts: done };
      await this.#asked(() =>
        this.#client.send(new this.#sdk.CompleteMultipartUploadCommand({ ...upload, MultipartUpload })),
      );
    } catch (error) {
      await this.#client.send(new this.#sdk.AbortMultipartUploadCommand(upload)).catch(() => {});
      throw error;
    }
  }

  #place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }

  async *#unbroken(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (cause) {
      throw new ConnectionError(`${this.label} broke off`, { cause });
    }
  }

  /** @throws NotFoundError for `wanted`, ConnectionError with what the server says. */
  async #asked<T>(ask: () => Promise<T>, wanted?: string): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      const { name, message } = cause as Error;
      if (wanted && (name === 'NoSuchKey' || name === 'NotFound'))
        throw new NotFoundError(`${wanted} is not there`, { cause });
      throw new ConnectionError(`${this.label} cannot be used: ${name}: ${message}`, { cause });
    }
  }
}

/** Bytes in parts of one size; the last is shorter, and there is always one. */
async function* partsOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      if (filled === size) {
        yield part;
        part = Buffer.allocUnsafe(size);
        filled = 0;
      }
      const taken = Math.min(size - filled, bytes.length - at);
      part.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
    }
  }
  yield part.subarray(0, filled);
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('base64');
}
