import { currentContext } from './context.js';

/** Names one thing a kernel provides (its cache, its Redis, its job queue) and carries its type. */
export interface ServiceKey<T> {
  readonly name: string;
  /** Never set; it only ties the type to the key. */
  readonly type?: T;
}

export function serviceKey<T>(name: string): ServiceKey<T> {
  return Object.freeze({ name });
}

const live: Services[] = [];

/** What one running kernel provides. The free accessors (`getCache()`, `getRedis()`, …) look here. */
export class Services {
  readonly #provided = new Map<ServiceKey<unknown>, unknown>();

  /** The first thing provided makes this live, also again after `close`: a start that failed may be repeated. */
  provide<T>(key: ServiceKey<T>, service: T): void {
    if (!live.includes(this)) live.push(this);
    this.#provided.set(key, service);
  }

  get<T>(key: ServiceKey<T>): T | undefined {
    return this.#provided.get(key) as T | undefined;
  }

  /** True once its kernel has ended: what still runs in its name must not fall to another kernel. */
  get isClosed(): boolean {
    return !live.includes(this);
  }

  /** Forgets everything; accessors then answer the next newest live kernel. */
  close(): void {
    this.#provided.clear();
    const index = live.indexOf(this);
    if (index >= 0) live.splice(index, 1);
  }
}

/** The services of the kernel this code runs for: the ambient request's or job's, else the newest live one. */
function ambientServices(): Services | undefined {
  return currentContext().services ?? live.at(-1);
}

/** One service of the ambient kernel; `undefined` before any kernel has started. */
export function ambientService<T>(key: ServiceKey<T>): T | undefined {
  return ambientServices()?.get(key);
}
