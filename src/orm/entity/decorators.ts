import 'reflect-metadata';
import { SchemaError } from '../../base/errors.js';
import { type EntityTarget, type FieldOptions, type FieldType, fieldType } from './field-types.js';
import { buildEntityMeta, type DeclaredField, type EntityOptions } from './metadata.js';
import { registerEntity } from './registry.js';

/** Standard decorators find the class's metadata under this symbol, which Node 20 lacks. */
const symbols = Symbol as { metadata?: symbol };
symbols.metadata ??= Symbol.for('Symbol.metadata');
const METADATA: symbol = symbols.metadata;
const FIELDS = Symbol('app-kernel fields');

type Fields = Map<string, DeclaredField>;
type Bag = Record<PropertyKey, unknown>;

/** Decorates a property under legacy (`experimentalDecorators`) and under standard decorators. */
export interface FieldDecorator {
  (target: object, property: string | symbol): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
}

/** Decorates a class under legacy and under standard decorators. */
export type EntityDecorator = (target: EntityTarget, context?: ClassDecoratorContext) => void;

/** Fields declared under legacy decorators, by the class that declares them. */
const legacyFields = new WeakMap<object, Fields>();

/**
 * Stores a property. `type` may be left out where emitted metadata or `default` tell it.
 * @throws SchemaError when the type cannot be inferred.
 */
export function Field(options: FieldOptions | FieldType = {}): FieldDecorator {
  const resolved: FieldOptions = typeof options === 'string' ? { type: options } : options;
  return function decorateField(target: object | undefined, where: string | symbol | ClassFieldDecoratorContext): void {
    if (typeof where === 'object') declareStandard(where, resolved);
    else declareLegacy(target as object, where, resolved);
  };
}

function declareStandard(context: ClassFieldDecoratorContext, options: FieldOptions): void {
  const property = fieldName(context.name, context.static, 'the class');
  const bag = context.metadata as Bag;
  if (!Object.hasOwn(bag, FIELDS)) bag[FIELDS] = new Map();
  const type = fieldType('the class', property, options, undefined);
  (bag[FIELDS] as Fields).set(property, { type, options });
}

function declareLegacy(target: object, name: string | symbol, options: FieldOptions): void {
  const owner = target.constructor;
  const property = fieldName(name, typeof target === 'function', owner.name);
  const fields: Fields = legacyFields.get(owner) ?? new Map();
  legacyFields.set(owner, fields);
  const designType: unknown = Reflect.getMetadata('design:type', target, property);
  fields.set(property, { type: fieldType(owner.name, property, options, designType), options });
}

function fieldName(name: string | symbol, isStatic: boolean, owner: string): string {
  if (typeof name === 'symbol' || isStatic) {
    throw new SchemaError(
      `@Field on ${owner}.${String(name)}: only instance properties with a text name can be stored`,
    );
  }
  return name;
}

/**
 * Makes a class an entity: a table with the class's fields and the system columns, and its history.
 * @throws SchemaError for a declaration that cannot be stored.
 */
export function Entity(options: EntityOptions): EntityDecorator {
  return function decorateEntity(target: EntityTarget, context?: ClassDecoratorContext): void {
    registerEntity(buildEntityMeta(target, options, inheritedFields(target, context?.metadata as Bag | undefined)));
  };
}

/** The fields of the class and its ancestors, an ancestor's first; what a class declares again replaces it. */
function inheritedFields(target: EntityTarget, ownBag: Bag | undefined): Fields {
  const fields: Fields = new Map();
  for (const level of ancestry(target)) {
    const bag = level === target ? (ownBag ?? ownMetadata(level)) : ownMetadata(level);
    const standard = bag && Object.hasOwn(bag, FIELDS) ? (bag[FIELDS] as Fields) : [];
    for (const [property, field] of [...(legacyFields.get(level) ?? []), ...standard]) fields.set(property, field);
  }
  return fields;
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
