import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../base/ports.js';
import { getLogger } from './logger.js';
import { Profiler } from './profiler.js';

export interface ProfiledOptions {
  /** Also sum up, per function, the profiled calls made inside this one, and log them when it ends. */
  isEntry?: boolean;
  /** Default the function's own name. */
  name?: string;
  /** Default the running kernel's logger. */
  logger?: Logger;
}

interface CallStats {
  calls: number;
  total_ms: number;
}

// biome-ignore lint/suspicious/noExplicitAny: a wrapper must accept functions of every parameter list
type AnyFunction = (...args: any[]) => any;

/** Wraps a function, or decorates a method (legacy and standard decorators). */
export interface ProfiledDecorator {
  <Fn extends AnyFunction>(fn: Fn): Fn;
  <Fn extends AnyFunction>(method: Fn, context: ClassMethodDecoratorContext): Fn;
  (target: object, key: string | symbol, descriptor: PropertyDescriptor): void;
}

const entry = new AsyncLocalStorage<Map<string, CallStats>>();

/** Logs how long each call took: `my_handler completed in 45.2ms`, or `failed after …` when it threw. */
export function profiledFunction(options: ProfiledOptions = {}): ProfiledDecorator {
  const decorate = (subject: AnyFunction | object, _key?: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (typeof descriptor?.value === 'function') {
      descriptor.value = profile(descriptor.value as AnyFunction, options);
      return undefined;
    }
    return profile(subject as AnyFunction, options);
  };
  return decorate as ProfiledDecorator;
}

function profile(fn: AnyFunction, options: ProfiledOptions): AnyFunction {
  const name = options.name ?? (fn.name || 'anonymous');
  const profiled = function (this: unknown, ...args: unknown[]): unknown {
    const run = (): unknown => timed(name, options, () => fn.apply(this, args));
    return options.isEntry ? entry.run(new Map(), run) : run();
  };
  return Object.defineProperty(profiled, 'name', { value: name });
}

function timed(name: string, options: ProfiledOptions, call: () => unknown): unknown {
  const profiler = new Profiler();
  const end = (outcome: string): void => finish(name, options, profiler.elapsed(), outcome);
  const fail = (error: unknown): never => {
    end('failed after');
    throw error;
  };
  try {
    const result = call();
    if (!(result instanceof Promise)) {
      end('completed in');
      return result;
    }
    return result.then((value: unknown) => {
      end('completed in');
      return value;
    }, fail);
  } catch (error) {
    return fail(error);
  }
}

function finish(name: string, options: ProfiledOptions, ms: number, outcome: string): void {
  const logger = options.logger ?? getLogger();
  logger.info(`${name} ${outcome} ${ms.toFixed(1)}ms`);
  const stats = entry.getStore();
  if (!stats) return;
  if (options.isEntry) {
    if (stats.size > 0) logger.info({ profile: Object.fromEntries(stats) }, `Profiler ${name} stats`);
    return;
  }
  const known = stats.get(name) ?? { calls: 0, total_ms: 0 };
  stats.set(name, { calls: known.calls + 1, total_ms: Math.round((known.total_ms + ms) * 100) / 100 });
}
