import { type Cache, getCache } from './cache.js';
import { fillKeyTemplate } from './cache-key.js';

interface CachedOptions {
  ttlSeconds: number;
  /** Keep null and undefined too; by default the next call asks again. */
  cacheNull?: boolean;
  /** What the results depend on; `invalidateTags` of one of them, or a write to the table of that name, makes them void. */
  tags?: readonly string[];
  /** How long after `ttlSeconds` the old result is still answered while one caller computes the new one behind it. */
  staleSeconds?: number;
  /** Default the cache of the running kernel. */
  cache?: Cache;
}

export interface CachedByTemplateOptions extends CachedOptions {
  /** `user:{userId}`: places are filled from the first argument, an object. */
  key: string;
}

export interface CachedByFunctionOptions<Args extends unknown[]> extends CachedOptions {
  /** Names the entry; build it with `cacheKeyPart` where a part comes from a caller. */
  key: (...args: Args) => string;
}

type Call<Args extends unknown[], Result> = (...args: Args) => Promise<Result>;

export type CachedByTemplate<Args extends unknown[], Result> = Call<Args, Result> & {
  /** Forgets the entry of these values; true when there was one. */
  invalidate(values?: Readonly<Record<string, unknown>>): Promise<boolean>;
};

export type CachedByFunction<Args extends unknown[], Result> = Call<Args, Result> & {
  /** Forgets the entry of these arguments; true when there was one. */
  invalidate(...args: Args): Promise<boolean>;
};

/** `fn`, answering from the cache for `ttlSeconds`; a miss that many callers share runs `fn` once. */
export function cached<Args extends unknown[], Result>(
  options: CachedByTemplateOptions,
  fn: (...args: Args) => Result | Promise<Result>,
): CachedByTemplate<Args, Result>;
export function cached<Args extends unknown[], Result>(
  options: CachedByFunctionOptions<Args>,
  fn: (...args: Args) => Result | Promise<Result>,
): CachedByFunction<Args, Result>;
export function cached<Args extends unknown[], Result>(
  options: CachedByTemplateOptions | CachedByFunctionOptions<Args>,
  fn: (...args: Args) => Result | Promise<Result>,
): CachedByFunction<Args, Result> {
  const { key, cache: own, ...kept } = options;
  const cache = (): Cache => own ?? getCache();
  const nameOf = (args: Args): string => (typeof key === 'string' ? fillKeyTemplate(key, args[0]) : key(...args));
  const call = async (...args: Args): Promise<Result> => cache().getOrSet(nameOf(args), () => fn(...args), kept);
  return Object.assign(call, {
    invalidate: async (...args: Args): Promise<boolean> => cache().delete(nameOf(args)),
  });
}
