import { SchemaError } from '../../base/errors.js';
import type { EntityTarget } from './field-types.js';
import type { DeclaredRelation, EntityMeta, FieldMeta } from './metadata.js';
import { suggestion } from './naming.js';
import { PropertyDeclarations } from './property-declarations.js';
import { entityMeta } from './registry.js';
import type { FieldKeys } from './typed-arguments.js';

/** A relation, its other side found. */
export interface RelationMeta {
  readonly property: string;
  readonly many: boolean;
  readonly target: EntityMeta;
  /** Where this side keeps the value by which both belong together. */
  readonly here: FieldMeta;
  /** Where the other side does. */
  readonly there: FieldMeta;
}

const declarations = new PropertyDeclarations<DeclaredRelation>('BelongsTo, @HasOne or @HasMany');

export function declaredRelations(
  target: EntityTarget,
  context: ClassDecoratorContext | undefined,
): Map<string, DeclaredRelation> {
  return declarations.of(target, context);
}

/** Decorates a property of a class that has the field `K`. */
export interface BelongsToDecorator<K extends string> {
  (target: { [P in K]?: unknown }, property: string | symbol): void;
  (value: undefined, context: ClassFieldDecoratorContext<{ [P in K]?: unknown }>): void;
}

/** Decorates a property under legacy and under standard decorators. */
export interface RelationDecorator {
  (target: object, property: string | symbol): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
}

/** The row that a field with `references` names: `@BelongsTo('workspaceId') workspace?: Workspace | null`. */
export function BelongsTo<K extends string>(field: K): BelongsToDecorator<K> {
  return decorator({ kind: 'belongsTo', field, target: undefined });
}

/** The row whose field names this one: `@HasOne(() => Profile, 'userId') profile?: Profile | null`. */
export function HasOne<T extends object>(
  target: () => abstract new (...args: never[]) => T,
  field: FieldKeys<T>,
): RelationDecorator {
  return decorator({ kind: 'hasOne', field, target });
}

/** The rows whose field names this one: `@HasMany(() => Item, 'workspaceId') items?: Item[]`. */
export function HasMany<T extends object>(
  target: () => abstract new (...args: never[]) => T,
  field: FieldKeys<T>,
): RelationDecorator {
  return decorator({ kind: 'hasMany', field, target });
}

function decorator(relation: DeclaredRelation): RelationDecorator {
  return function decorateRelation(
    target: object | undefined,
    where: string | symbol | ClassFieldDecoratorContext,
  ): void {
    declarations.declare(target, where, () => relation);
  };
}

/**
 * Finds the other side of a relation. Classes may name each other in a circle, so this waits until a relation is used.
 * @throws SchemaError where the two sides do not fit.
 */
export function resolveRelation(meta: EntityMeta, property: string, declared: DeclaredRelation): RelationMeta {
  const { kind, field } = declared;
  const what = `${meta.name}.${property}`;
  const id = (entity: EntityMeta): FieldMeta => entity.byProperty.get('id') as FieldMeta;
  if (kind === 'belongsTo') {
    const here = meta.byProperty.get(field);
    const references = here?.options.references;
    if (!here || !references) throw new SchemaError(`${what}: ${meta.name}.${field} has no references`);
    const target = entityMeta(references());
    return { property, many: false, target, here, there: id(target) };
  }
  const target = entityMeta((declared.target as () => EntityTarget)());
  const there = target.byProperty.get(field);
  if (!there) {
    const nearest = suggestion(field, target.byProperty.keys());
    throw new SchemaError(`${what} names an unknown field "${field}" of ${target.name}${nearest}`);
  }
  if (there.options.references?.() !== meta.entity)
    throw new SchemaError(`${what}: ${target.name}.${field} does not say references: () => ${meta.name}`);
  return { property, many: kind === 'hasMany', target, here: id(meta), there };
}
