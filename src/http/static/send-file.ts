import { extname } from 'node:path';
import { cacheHeadersOfFile } from '../edge/cache-control.js';
import { RangeNotSatisfiableError } from '../errors.js';
import type { HttpContext } from '../request-state.js';
import { readRange } from './byte-range.js';
import { FileBytes } from './file-bytes.js';
import type { ServedFile } from './served-folder.js';

/** Answers with `file`, the part of it that is asked for, or that the client has it already; closes it. */
export async function sendFile(ctx: HttpContext, path: string, file: ServedFile): Promise<void> {
  let isHandedOver = false;
  try {
    writeHeaders(ctx, path, file);
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    const range = ctx.method === 'GET' && mayBePart(ctx, file) ? readRange(ctx.get('Range'), file.size) : undefined;
    if (range === 'unsatisfiable') throw new RangeNotSatisfiableError(file.size);
    const { start, end } = range ?? { start: 0, end: file.size - 1 };
    if (range) {
      ctx.status = 206;
      ctx.set('Content-Range', `bytes ${start}-${end}/${file.size}`);
    }
    if (ctx.method === 'GET') {
      ctx.body = new FileBytes(file.handle, { start, end });
      isHandedOver = true; // it closes the file, and Koa ends it, also where the client has left before anything was read
    }
    ctx.length = end - start + 1;
  } finally {
    if (!isHandedOver) await file.handle.close();
  }
}

function writeHeaders(ctx: HttpContext, path: string, { etag, modifiedAt }: ServedFile): void {
  ctx.status = 200;
  ctx.type = extname(path) || 'application/octet-stream';
  if (!ctx.response.get('Content-Type')) ctx.type = 'application/octet-stream';
  for (const [name, value] of cacheHeadersOfFile(path)) ctx.set(name, value);
  ctx.set('ETag', etag);
  ctx.set('Last-Modified', modifiedAt.toUTCString());
  ctx.set('Accept-Ranges', 'bytes');
}

/** A part of what the client has the rest of: of another content it gets the whole. */
function mayBePart(ctx: HttpContext, { etag, modifiedAt }: ServedFile): boolean {
  const condition = ctx.get('If-Range');
  return condition === '' || condition === etag || condition === modifiedAt.toUTCString();
}
