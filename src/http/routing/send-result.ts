import { Stream } from 'node:stream';
import type { z } from 'zod';
import { KernelError } from '../../base/errors.js';
import type { HttpContext } from '../request-state.js';
import { parseAny } from './validate-input.js';

/** Writes what a handler returned: JSON, or the stream or bytes it already is, or 204 for nothing. */
export function sendResult(
  ctx: HttpContext,
  result: unknown,
  status: number | undefined,
  schema: z.ZodType | undefined,
): void | Promise<void> {
  if (ctx.respond === false || ctx.headerSent) return;
  if (result === undefined) return sendNothing(ctx, status);
  if (status !== undefined && !hasStatus(ctx)) ctx.status = status;
  if (isReady(result) || (typeof result === 'string' && hasOtherType(ctx))) {
    ctx.body = result;
    return;
  }
  const value = schema ? shape(schema, result) : result;
  return value instanceof Promise ? value.then((shaped) => sendJson(ctx, shaped)) : sendJson(ctx, value);
}

function sendJson(ctx: HttpContext, value: unknown): void {
  const json = stringify(value);
  if (!ctx.res.hasHeader('Content-Type')) ctx.res.setHeader('Content-Type', 'application/json; charset=utf-8');
  ctx.body = json;
}

/** A handler that answered through `ctx` by itself is left alone. */
function sendNothing(ctx: HttpContext, status: number | undefined): void {
  if (ctx.body !== undefined || hasStatus(ctx)) return;
  ctx.status = status ?? 204;
  if (ctx.status !== 204) {
    ctx.body = '';
    ctx.remove('Content-Type');
  }
}

/** Koa starts every response as 404, and notes here whether somebody meant it. */
function hasStatus(ctx: HttpContext): boolean {
  return (ctx.response as { _explicitStatus?: boolean })._explicitStatus === true;
}

/** A handler that set a type of its own (CSV, text) returns the text itself, not JSON of it. */
function hasOtherType(ctx: HttpContext): boolean {
  const type = ctx.res.getHeader('Content-Type');
  return typeof type === 'string' && !type.includes('json');
}

function isReady(result: unknown): boolean {
  return (
    result instanceof Stream || result instanceof ReadableStream || result instanceof Blob || ArrayBuffer.isView(result)
  );
}

/**
 * The result as its response schema lets it out. A schema describes the wire, so it first sees the JSON form (dates
 * are strings); one that asks for `Date`s sees the value itself.
 */
function shape(schema: z.ZodType, result: unknown): unknown {
  const onWire = parseAny(schema, toJsonForm(result));
  return !(onWire instanceof Promise) && onWire.success ? onWire.data : shapeSlowly(schema, result, onWire);
}

type Parsed = z.ZodSafeParseResult<unknown>;

async function shapeSlowly(schema: z.ZodType, result: unknown, parsed: Parsed | Promise<Parsed>): Promise<unknown> {
  const onWire = await parsed;
  if (onWire.success) return onWire.data;
  const asIs = await schema.safeParseAsync(result);
  if (asIs.success) return asIs.data;
  throw new KernelError('E_RESPONSE', 'The handler returned what its response schema does not allow', {
    cause: onWire.error,
  });
}

/** `value` as JSON would carry it, without the detour over text. */
function toJsonForm(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (hasJsonForm(value)) return toJsonForm(value.toJSON());
  if (Array.isArray(value)) return value.map(toJsonForm);
  const form: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = toJsonForm((value as Record<string, unknown>)[key]);
    if (member !== undefined && key !== '__proto__') form[key] = member;
  }
  return form;
}

function hasJsonForm(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** JSON text, with bigints as strings. The replacer costs several times the rest, so only bigints pay for it. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.includes('BigInt')) throw error;
    return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? member.toString() : member));
  }
}
