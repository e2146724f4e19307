import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadRequestError, BodyTooLargeError, UnsupportedMediaTypeError } from '../errors.js';
import type { HttpContext } from '../request-state.js';
import { refuseCutOff } from './read-body.js';

/** A file of a multipart body, in the system's temporary folder until the answer is sent. */
export interface UploadedFile {
  path: string;
  /** As the client named it: a claim, never a path to write to. */
  name: string | null;
  type: string | null;
  size: number;
}

export type UploadedFiles = Readonly<Record<string, readonly UploadedFile[]>>;

export interface MultipartBody {
  fields: Record<string, unknown>;
  files: Record<string, UploadedFile[]>;
}

const MAX_FIELDS = 1000;
const MAX_FILES = 20;

/**
 * Reads a multipart body of at most `maxBytes`. Its files lie in a folder of their own, which goes with the response:
 * also when the upload is refused or breaks off, whatever the parser had open at that moment.
 */
export async function readMultipart(ctx: HttpContext, maxBytes: number): Promise<MultipartBody> {
  if (ctx.headers['content-encoding'] !== undefined) {
    throw new UnsupportedMediaTypeError('A multipart body must not be compressed');
  }
  const { koaBody } = await import('koa-body'); // 27 modules, for those who take uploads
  const folder = await mkdtemp(join(tmpdir(), 'app-kernel-upload-'));
  removeWhenAnswered(ctx, folder);
  refuseCutOff(ctx.req);
  const parse = koaBody({
    multipart: true,
    json: false,
    urlencoded: false,
    text: false,
    formidable: {
      uploadDir: folder,
      maxFieldsSize: maxBytes,
      maxFileSize: maxBytes,
      maxTotalFileSize: maxBytes,
      maxFields: MAX_FIELDS,
      maxFiles: MAX_FILES,
      allowEmptyFiles: true,
      minFileSize: 0,
    },
  });
  try {
    await parse(ctx as Parameters<typeof parse>[0], async () => undefined);
  } catch (error) {
    ctx.req.resume(); // what is still on its way is thrown away, so that the client gets to read the answer
    throw multipartFault(error, maxBytes);
  }
  return { fields: nullPrototype(ctx.request.body), files: uploadedFiles(ctx.request.files ?? {}) };
}

function multipartFault(error: unknown, maxBytes: number): Error {
  if (error instanceof BodyTooLargeError) return error;
  const status = (error as { httpCode?: number }).httpCode;
  if (status === 413) return new BodyTooLargeError(maxBytes);
  return new BadRequestError('The multipart body could not be read', { cause: error });
}

function nullPrototype(fields: unknown): Record<string, unknown> {
  return Object.assign(Object.create(null), fields);
}

interface FormidableFile {
  filepath: string;
  originalFilename: string | null;
  mimetype: string | null;
  size: number;
}

function uploadedFiles(
  files: Record<string, FormidableFile | FormidableFile[] | undefined>,
): Record<string, UploadedFile[]> {
  const uploaded: Record<string, UploadedFile[]> = Object.create(null);
  for (const [field, value] of Object.entries(files)) {
    uploaded[field] = [value ?? []].flat().map((file) => ({
      path: file.filepath,
      name: file.originalFilename,
      type: file.mimetype,
      size: file.size,
    }));
  }
  return uploaded;
}

/** The parser may still be creating a file, so a folder that is not empty is tried again. */
function removeWhenAnswered(ctx: HttpContext, folder: string): void {
  const remove = (): void => {
    rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch((error: Error) =>
      ctx.app.emit('error', error, ctx),
    );
  };
  if (ctx.res.destroyed) remove();
  else ctx.res.once('close', remove);
}
