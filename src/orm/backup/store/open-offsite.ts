import { createRequire } from 'node:module';
import { SchemaError } from '../../../base/errors.js';
import type { Logger } from '../../../base/ports.js';
import type { Shelf } from '../files/shelf.js';
import { OffsiteBackups } from './offsite-backups.js';
import { parseStoreUrl } from './store-url.js';

/** @throws SchemaError where what speaks with the store is not installed: known when a service starts, not when it backs up. */
export function assertStoreInstalled(): void {
  try {
    createRequire(import.meta.url).resolve('@aws-sdk/client-s3');
  } catch (cause) {
    throw new SchemaError('backupStore needs a package that is not installed: npm install @aws-sdk/client-s3', {
      cause,
    });
  }
}

/** What speaks with the store is loaded now. @throws SchemaError for an address that is none. */
export async function openOffsite(url: string, shelf: Shelf, logger: Logger): Promise<OffsiteBackups> {
  const address = parseStoreUrl(url);
  if (!address) throw new SchemaError('backupStore is no address of a bucket; write for example s3://bucket/prefix');
  const { openS3Store } = await import('./s3-store.js');
  return new OffsiteBackups(await openS3Store(address), shelf, logger);
}
