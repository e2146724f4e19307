import type { IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeError } from '../errors.js';
import type { HttpContext } from '../request-state.js';
import type { BodyFormat } from '../routing/route.js';
import { readMultipart, type UploadedFiles } from './multipart.js';
import { parseForm } from './parse-form.js';
import { parseJson } from './parse-json.js';
import { hasBody, readBody } from './read-body.js';

export interface ParsedBody {
  value: unknown;
  files: UploadedFiles;
}

export const NO_FILES: UploadedFiles = Object.freeze({});
const NO_BODY: ParsedBody = Object.freeze({ value: undefined, files: NO_FILES });
const MEDIA_TYPES: Record<BodyFormat, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
};

/**
 * The body in one of `formats`.
 * @throws UnsupportedMediaTypeError for any other type, `text/plain` above all: a form of a foreign page can send it.
 */
export function parseBody(
  ctx: HttpContext,
  formats: readonly BodyFormat[],
  maxBytes: number,
): ParsedBody | Promise<ParsedBody> {
  if (!hasBody(ctx.req)) return NO_BODY;
  const format = mediaTypeOf(ctx.req);
  if (!format || !formats.includes(format)) {
    throw new UnsupportedMediaTypeError(
      `Content-Type must be ${formats.map((accepted) => MEDIA_TYPES[accepted]).join(' or ')}`,
    );
  }
  return parseAs(format, ctx, maxBytes);
}

/** The body where it is JSON or a form; a body of any other type stays in the stream for the handler. */
export async function parseKnownBody(ctx: HttpContext, maxBytes: number): Promise<ParsedBody> {
  const format = hasBody(ctx.req) ? mediaTypeOf(ctx.req) : undefined;
  return format === 'json' || format === 'form' ? parseAs(format, ctx, maxBytes) : NO_BODY;
}

function parseAs(format: BodyFormat, ctx: HttpContext, maxBytes: number): Promise<ParsedBody> {
  if (format === 'multipart')
    return readMultipart(ctx, maxBytes).then(({ fields, files }) => ({ value: fields, files }));
  const parse = format === 'json' ? parseJson : parseForm;
  return readBody(ctx.req, maxBytes).then((bytes) => ({ value: parse(bytes), files: NO_FILES }));
}

/** Which of the formats that the kernel reads a request's body has. */
export function mediaTypeOf(req: IncomingMessage): BodyFormat | undefined {
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const name = type.trim();
  if (name === MEDIA_TYPES.multipart) return 'multipart';
  if (name === MEDIA_TYPES.form) return 'form';
  if (name !== MEDIA_TYPES.json && !/^application\/[a-z0-9.-]+\+json$/.test(name)) return undefined;
  requireUtf8(parameters);
  return 'json';
}

function requireUtf8(parameters: readonly string[]): void {
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (charset && !/^charset="?utf-?8"?$/.test(charset)) throw new UnsupportedMediaTypeError('JSON must be UTF-8');
}
