/** What the index needs to know of a route. */
export interface Indexed {
  /** Place in the order of declaration; the earliest match wins. */
  order: number;
  path: string | RegExp;
  regexp: RegExp;
}

/**
 * Finds routes by path. Templates without parameters are looked up; the others are kept under their literal folder,
 * so that a request is matched against a handful of patterns, not against all of them.
 */
export class RouteIndex<Route extends Indexed> {
  readonly #literal = new Map<string, Route[]>();
  readonly #byFolder = new Map<string, Route[]>();
  #deepestFolder = 0;

  add(route: Route): void {
    const { path } = route;
    const folder = typeof path === 'string' ? literalFolder(path) : '/';
    if (typeof path === 'string' && folder === undefined) append(this.#literal, literalKey(path), route);
    else this.#addToFolder(folder ?? '/', route);
  }

  /** Every route whose pattern takes `path`, in no particular order. */
  matching(path: string): Route[] {
    const key = literalKey(path);
    const found: Route[] = [];
    collect(this.#literal.get(key), path, found);
    // a path of thousands of slashes is not looked up deeper than routes go
    for (let slash = 0; slash >= 0 && slash < this.#deepestFolder; slash = key.indexOf('/', slash + 1)) {
      collect(this.#byFolder.get(key.slice(0, slash + 1)), path, found);
    }
    return found;
  }

  /** The earliest of them that `accepts` takes. */
  first(path: string, accepts: (route: Route) => boolean): Route | undefined {
    let best: Route | undefined;
    for (const route of this.matching(path)) {
      if ((!best || route.order < best.order) && accepts(route)) best = route;
    }
    return best;
  }

  #addToFolder(folder: string, route: Route): void {
    append(this.#byFolder, folder, route);
    this.#deepestFolder = Math.max(this.#deepestFolder, folder.length);
  }
}

function collect<Route extends Indexed>(routes: readonly Route[] | undefined, path: string, found: Route[]): void {
  if (!routes) return;
  for (const route of routes) if (route.regexp.test(path)) found.push(route);
}

function append<Route>(map: Map<string, Route[]>, key: string, route: Route): void {
  const known = map.get(key);
  if (known) known.push(route);
  else map.set(key, [route]);
}

/** Lower case, because a plain router may ignore it; the pattern itself decides. */
function literalKey(path: string): string {
  const lower = path.toLowerCase();
  return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower;
}

/** The folders before the first parameter: `/api/users/:id` gives `/api/users/`. `undefined` for a plain path. */
function literalFolder(template: string): string | undefined {
  const special = template.search(/[:*{}()\\]/);
  if (special < 0) return undefined;
  const literal = template.slice(0, special);
  return literal.slice(0, literal.lastIndexOf('/') + 1).toLowerCase() || '/';
}
