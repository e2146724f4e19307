import { SchemaError } from '../../base/errors.js';
import type { EntityTarget } from './field-types.js';

/** Standard decorators find the class's metadata under this symbol, which Node 20 lacks. */
const symbols = Symbol as { metadata?: symbol };
symbols.metadata ??= Symbol.for('Symbol.metadata');
const METADATA: symbol = symbols.metadata;

type Bag = Record<PropertyKey, unknown>;

/** A property as a decorator is told of it. */
export interface DecoratedProperty {
  readonly name: string;
  /** The class that declares it; not known yet to standard decorators. */
  readonly owner: string;
  /** What a compiler said of its type, under legacy decorators. */
  readonly prototype: object | undefined;
}

/** What one kind of decorator says of properties, under legacy (`experimentalDecorators`) and standard decorators. */
export class PropertyDeclarations<V> {
  readonly #decorator: string;
  readonly #key = Symbol('app-kernel declarations');
  readonly #legacy = new WeakMap<object, Map<string, V>>();

  /** @param decorator its name, for errors. */
  constructor(decorator: string) {
    this.#decorator = decorator;
  }

  /** To be called with what the decorator was called with. */
  declare(
    target: object | undefined,
    where: string | symbol | ClassFieldDecoratorContext,
    describe: (property: DecoratedProperty) => V,
  ): void {
    if (typeof where === 'object') {
      const name = this.#nameOf(where.name, where.static, 'the class');
      const bag = where.metadata as Bag;
      if (!Object.hasOwn(bag, this.#key)) bag[this.#key] = new Map();
      (bag[this.#key] as Map<string, V>).set(name, describe({ name, owner: 'the class', prototype: undefined }));
      return;
    }
    const owner = (target as object).constructor;
    const name = this.#nameOf(where, typeof target === 'function', owner.name);
    const declared = this.#legacy.get(owner) ?? new Map<string, V>();
    this.#legacy.set(owner, declared);
    declared.set(name, describe({ name, owner: owner.name, prototype: target }));
  }

  /**
   * The declarations of a class and its ancestors, an ancestor's first; what a class declares again replaces it.
   * @param context of a standard class decorator, which runs before the class has its metadata.
   */
  of(target: EntityTarget, context: ClassDecoratorContext | undefined): Map<string, V> {
    const found = new Map<string, V>();
    for (const level of ancestry(target)) {
      const own = ownMetadata(level);
      const bag = level === target ? ((context?.metadata as Bag | undefined) ?? own) : own;
      const standard = bag && Object.hasOwn(bag, this.#key) ? (bag[this.#key] as Map<string, V>) : [];
      for (const [name, value] of [...(this.#legacy.get(level) ?? []), ...standard]) found.set(name, value);
    }
    return found;
  }

  #nameOf(name: string | symbol, isStatic: boolean, owner: string): string {
    if (typeof name === 'string' && !isStatic) return name;
    throw new SchemaError(
      `@${this.#decorator} on ${owner}.${String(name)}: only instance properties with a text name can be stored`,
    );
  }
}

function ownMetadata(level: object): Bag | undefined {
  return Object.hasOwn(level, METADATA) ? ((level as Bag)[METADATA] as Bag | undefined) : undefined;
}

function ancestry(target: EntityTarget): EntityTarget[] {
  const levels: EntityTarget[] = [];
  for (
    let level: unknown = target;
    typeof level === 'function' && level !== Function.prototype;
    level = Object.getPrototypeOf(level)
  ) {
    levels.unshift(level as EntityTarget);
  }
  return levels;
}
