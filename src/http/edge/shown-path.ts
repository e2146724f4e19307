import { isSecretParameter, maskedValue, withoutSecretParts } from '../../telemetry/index.js';
import type { HttpContext } from '../request-state.js';
import { compilePattern } from '../routing/plain-router.js';
import { knownTemplate } from './route-label.js';

type Pattern = Readonly<{ regexp: RegExp; isSecret: readonly boolean[] }>;

/** Paths as logs and records may keep them. */
export class ShownPaths {
  readonly #sensitive: readonly string[];
  /** By template; undefined where no parameter of it is a secret. There are as many as routes. */
  readonly #patterns = new Map<string, Pattern | undefined>();

  /** @param sensitive further parts of names of parameters that hold secrets */
  constructor(sensitive: readonly string[] = []) {
    this.#sensitive = sensitive;
  }

  /** The path, with secrets masked: by the names that its route gives to its parts; by their looks where there is no route. */
  of(ctx: HttpContext): string {
    const template = knownTemplate(ctx);
    if (template === undefined) return withoutSecretParts(ctx.path);
    const pattern = this.#patternOf(template);
    if (!pattern) return ctx.path;
    const places = pattern.regexp.exec(ctx.path)?.indices;
    return places ? masked(ctx.path, places, pattern) : template;
  }

  #patternOf(template: string): Pattern | undefined {
    if (!this.#patterns.has(template)) this.#patterns.set(template, this.#compile(template));
    return this.#patterns.get(template);
  }

  #compile(template: string): Pattern | undefined {
    if (!template.startsWith('/') || !/[:*]/.test(template)) return undefined;
    const { regexp, paramNames } = compilePattern('GET', template);
    const isSecret = paramNames.map((name) => isSecretParameter(name, this.#sensitive));
    if (!isSecret.includes(true)) return undefined;
    return { regexp: new RegExp(regexp.source, `${regexp.flags}d`), isSecret };
  }
}

function masked(path: string, places: RegExpIndicesArray, { isSecret }: Pattern): string {
  let shown = '';
  let from = 0;
  isSecret.forEach((hidden, index) => {
    const place = places[index + 1];
    if (!hidden || !place) return;
    shown += path.slice(from, place[0]) + maskedValue(path.slice(...place));
    from = place[1];
  });
  return shown + path.slice(from);
}
