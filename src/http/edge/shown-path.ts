import { isSecretParameter, maskedValue, withoutSecretParts } from '../../telemetry/index.js';
import type { HttpContext } from '../request-state.js';
import { compilePattern, type PathPattern } from '../routing/plain-router.js';
import { answeringPath, otherPaths, type RoutePath } from './route-label.js';

/** A path without what is secret in it. */
type Mask = (path: string) => string;
/** Where a group of a pattern is; undefined for one that took no part. */
type Place = readonly [begin: number, end: number] | undefined;

/** Paths as logs and records may keep them. */
export class ShownPaths {
  readonly #sensitive: readonly string[];
  /** There are as many as routes. */
  readonly #masks = new Map<RoutePath, Mask>();

  /** @param sensitive further parts of names of parameters that hold secrets */
  constructor(sensitive: readonly string[] = []) {
    this.#sensitive = sensitive;
  }

  /**
   * The path, with secrets masked: by the names that its route gives to its parts. Where none answers, by those that routes of
   * other methods give, and by their looks.
   */
  of(ctx: HttpContext): string {
    const answering = answeringPath(ctx);
    if (answering !== undefined) return this.#maskOf(answering)(ctx.path);
    const shown = otherPaths(ctx).reduce<string>((path, route) => this.#maskOf(route)(path), ctx.path);
    return withoutSecretParts(shown);
  }

  #maskOf(route: RoutePath): Mask {
    const known = this.#masks.get(route);
    if (known) return known;
    const mask = typeof route === 'string' ? this.#byTemplate(route) : this.#byPattern(route);
    this.#masks.set(route, mask);
    return mask;
  }

  #byTemplate(template: string): Mask {
    const pattern = readTemplate(template);
    const names = pattern?.paramNames ?? [...template.matchAll(/[:*](\w+)/g)].map(([, name = '']) => name);
    const secret = names.flatMap((name, index) => (this.#isSecret(name) ? [index + 1] : []));
    if (!pattern) return secret.length > 0 ? () => template : withoutSecretParts;
    if (secret.length === 0) return (path) => path;
    const withPlaces = placing(pattern.regexp);
    return (path) => {
      const places = withPlaces.exec(path)?.indices;
      if (!places) return template;
      return masked(
        path,
        secret.map((index) => places[index]),
      );
    };
  }

  /** The groups of a pattern may have names; parts without one are told by their looks. */
  #byPattern(pattern: RegExp): Mask {
    const withPlaces = placing(pattern);
    return (path) => {
      const named = Object.entries(withPlaces.exec(path)?.indices?.groups ?? {});
      const secret = named.filter(([name]) => this.#isSecret(name)).map(([, place]) => place);
      return withoutSecretParts(masked(path, secret));
    };
  }

  #isSecret(name: string): boolean {
    return isSecretParameter(name, this.#sensitive);
  }
}

/** Undefined for a template of a router that reads templates in another way. */
function readTemplate(template: string): PathPattern | undefined {
  try {
    return compilePattern('GET', template);
  } catch {
    return undefined;
  }
}

/** The same pattern, which tells where its groups are and keeps no state. */
function placing({ source, flags }: RegExp): RegExp {
  return new RegExp(source, `${flags.replace(/[dgy]/g, '')}d`);
}

/** @param places in their order; of groups in one another, the outer is masked. */
function masked(path: string, places: readonly Place[]): string {
  let shown = '';
  let from = 0;
  for (const [begin, end] of places.filter((place) => place !== undefined)) {
    if (begin < from) continue;
    shown += path.slice(from, begin) + maskedValue(path.slice(begin, end));
    from = end;
  }
  return shown + path.slice(from);
}
