import { isBelow } from '../edge/cache-control.js';
import type { HttpContext, HttpMiddleware, Next } from '../request-state.js';
import { openSmallest } from './precompressed.js';
import { namesOn } from './request-path.js';
import { sendFile } from './send-file.js';
import { ServedFolder } from './served-folder.js';

export interface StaticFilesOptions {
  /** Where the folder stands. Default `/`. */
  prefix?: string;
  /**
   * `index.html` for a folder, and the one at the top for pages that are no file: those of an application that routes by
   * itself. Default true.
   */
  html?: boolean;
  /** Below these, in whatever case they are written, there are no such pages; default `/api`. */
  noPagesBelow?: readonly string[];
}

const INDEX = 'index.html';

/**
 * Middleware that serves the files of `folder`, with how long each may be kept: names with a hash for ever, others an
 * hour, pages never. Routes come first. Hidden files, and what links lead to outside the folder, are not served.
 * @throws ConfigError where there is no such folder.
 */
export function cacheBustedStaticFiles(folder: string, options: StaticFilesOptions = {}): HttpMiddleware {
  return staticFiles(folder, options).serve;
}

/** A folder of files, and who can tell which ones there are. */
export interface StaticFiles {
  serve: HttpMiddleware;
  /** Whether `path` names a file that is there, a page's index left out. */
  has(path: string): Promise<boolean>;
}

/** @throws ConfigError where there is no such folder. */
export function staticFiles(folder: string, options: StaticFilesOptions = {}): StaticFiles {
  const { prefix = '/', html = true } = options;
  const noPagesBelow = (options.noPagesBelow ?? ['/api']).map((folder) => folder.toLowerCase());
  const served = new ServedFolder(folder);
  const has = async (path: string): Promise<boolean> => {
    const names = namesOn(path, prefix);
    return names !== undefined && names.at(-1) !== '' && served.isFile(names);
  };
  return { serve, has };

  async function serve(ctx: HttpContext, next: Next): Promise<unknown> {
    if (ctx.state.route || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    const names = namesOn(ctx.path, prefix);
    if (!names) return next();
    if (await sendNamed(ctx, served, names, html)) return;
    const path = decodeURI(ctx.path).toLowerCase(); // `/%61pi` is `/api`, and `/API` is a mistyped one
    if (html && isPage(ctx, names) && !noPagesBelow.some((folder) => isBelow(path, folder))) {
      if (await send(ctx, served, [INDEX])) return;
    }
    return next();
  }
}

async function sendNamed(ctx: HttpContext, served: ServedFolder, names: string[], html: boolean): Promise<boolean> {
  if (names.at(-1) === '') return html && send(ctx, served, [...names.slice(0, -1), INDEX]);
  if (await send(ctx, served, names)) return true;
  if (!html || !(await served.isFolder(names))) return false;
  const index = await served.open([...names, INDEX]);
  if (!index) return false;
  await index.handle.close();
  ctx.status = 301;
  ctx.redirect(`./${encodeURIComponent(names.at(-1) ?? '')}/${ctx.search}`); // relative: it can lead to no other host
  return true;
}

async function send(ctx: HttpContext, served: ServedFolder, names: readonly string[]): Promise<boolean> {
  const file = await openSmallest(ctx, served, names);
  if (!file) return false;
  await sendFile(ctx, names.at(-1) ?? '', file);
  return true;
}

/** A browser goes to a page; what has an ending is a file that is not there. */
function isPage(ctx: HttpContext, names: readonly string[]): boolean {
  return !names.at(-1)?.includes('.') && ctx.get('Accept').includes('text/html');
}
