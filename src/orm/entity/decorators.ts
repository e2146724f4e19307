import 'reflect-metadata';
import { assertEntityOptions, assertFieldOptions } from './declared-options.js';
import { type EntityTarget, type FieldOptions, type FieldType, fieldType } from './field-types.js';
import { buildEntityMeta, type DeclaredField, type EntityOptions } from './metadata.js';
import { PropertyDeclarations } from './property-declarations.js';
import { registerEntity } from './registry.js';
import { declaredRelations } from './relations.js';

const declaredFields = new PropertyDeclarations<DeclaredField>('Field');

/** Decorates a property under legacy (`experimentalDecorators`) and under standard decorators. */
export interface FieldDecorator {
  (target: object, property: string | symbol): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
}

/** Decorates a class under legacy and under standard decorators. */
export type EntityDecorator = (target: EntityTarget, context?: ClassDecoratorContext) => void;

/**
 * Stores a property. `type` may be left out where emitted metadata or `default` tell it.
 * @throws SchemaError when the type cannot be inferred.
 */
export function Field(options: FieldOptions | FieldType = {}): FieldDecorator {
  const resolved: FieldOptions = typeof options === 'string' ? { type: options } : options;
  return function decorateField(target: object | undefined, where: string | symbol | ClassFieldDecoratorContext): void {
    declaredFields.declare(target, where, ({ name, owner, prototype }) => {
      assertFieldOptions(`${owner}.${name}`, resolved);
      const designType: unknown = prototype && Reflect.getMetadata('design:type', prototype, name);
      return { type: fieldType(owner, name, resolved, designType), options: resolved };
    });
  };
}

/**
 * Makes a class an entity: a table with the class's fields and the system columns, and its history.
 * @throws SchemaError for a declaration that cannot be stored.
 */
export function Entity(options: EntityOptions): EntityDecorator {
  return function decorateEntity(target: EntityTarget, context?: ClassDecoratorContext): void {
    assertEntityOptions(target.name, options);
    const fields = declaredFields.of(target, context);
    registerEntity(buildEntityMeta(target, options, fields, declaredRelations(target, context)));
  };
}
