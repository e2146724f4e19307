import { z } from 'zod';
import { BadRequestError, type TypedRouter } from '../../http/index.js';
import type { Database } from '../../orm/index.js';

/** An upload goes to the disk and not to memory. */
const MAX_UPLOAD_BYTES = 16 * 1024 ** 3;

/** A backup out of one service and into another, as a ZIP; for admins alone. */
export function addArchiveRoutes(router: TypedRouter, database: Database): void {
  router.get(
    '/backups/:name/download',
    { auth: 'admin', params: z.object({ name: z.string().max(100) }), summary: 'Download a backup' },
    async ({ ctx, params: { name } }) => {
      const archive = await database.exportBackup(name);
      ctx.set('Content-Type', 'application/zip');
      ctx.set('Content-Disposition', `attachment; filename="${name}.zip"`);
      return archive;
    },
  );

  router.post(
    '/backups/upload',
    { auth: 'admin', accepts: 'multipart', maxBodySize: MAX_UPLOAD_BYTES, summary: 'Upload a backup' },
    async ({ files }) => {
      const [file, another] = files.file ?? [];
      if (!file || another) throw new BadRequestError('Send one ZIP as the field "file"');
      const { name, files: count } = await database.importBackup(file.path);
      return { status: 'ok', backup_name: name, files: count, message: `Backup ${name} was uploaded` };
    },
  );
}
