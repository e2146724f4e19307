import { ConfigError } from '../../base/errors.js';
import { assertStoreInstalled } from '../../orm/backup/store/open-offsite.js';
import { parseStoreUrl } from '../../orm/backup/store/store-url.js';
import { checkConnectOptions } from '../../orm/connect-options.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { findingsOf } from './check-settings.js';
import { type Finding, fault, ok, reasonOf } from './finding.js';

const SUBJECT = 'backups';

/** Can they be made as they are set up, and does the bucket let us in? Nothing is written there. */
export async function checkBackups({ database }: KernelSettings): Promise<Finding[]> {
  const { backupSchedule, backupStore, backupEncryption, backupRetention } = database;
  try {
    checkConnectOptions({
      ...(backupRetention && { backupRetention }),
      ...(backupStore && { backupStore }),
      ...(backupEncryption && { backupEncryption }),
    });
  } catch (error) {
    if (error instanceof ConfigError) return findingsOf(error);
    throw error;
  }
  if (backupStore !== null) return [await storeFinding(backupStore)];
  return [ok(SUBJECT, backupSchedule === null ? 'none are made by themselves' : 'they stay on this machine')];
}

async function storeFinding(url: string): Promise<Finding> {
  try {
    assertStoreInstalled();
  } catch (error) {
    return fault(SUBJECT, reasonOf(error), 'Install it beside app-kernel, or leave BACKUP_STORE out');
  }
  const address = parseStoreUrl(url);
  if (!address) return fault(SUBJECT, 'the store is no address of a bucket', 'Set BACKUP_STORE to s3://bucket/prefix');
  const { openS3Store } = await import('../../orm/backup/store/s3-store.js');
  const store = await openS3Store(address);
  try {
    await store.list('');
    return ok(SUBJECT, `${store.label} lets us in`);
  } catch (error) {
    const mend = 'Set BACKUP_STORE to a bucket that is there, with a key that may list, read, write and remove in it';
    return fault(SUBJECT, `${store.label} cannot be used (${reasonOf(error)})`, mend);
  } finally {
    store.close();
  }
}
