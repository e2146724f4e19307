import { pascal } from './method-names.js';
import type { Schema } from './openapi-document.js';

const COMPONENTS = '#/components/schemas/';
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** Turns JSON Schemas into TypeScript, and gives those that are worth it a name. */
export class TypeWriter {
  readonly #components: Readonly<Record<string, Schema>>;
  readonly #componentNames = new Map<string, string>();
  /** The names of declared types by their text. */
  readonly #declared = new Map<string, string[]>();
  readonly #taken: Set<string>;
  readonly #declarations: string[] = [];

  /** @param taken names that the rest of the module has */
  constructor(components: Readonly<Record<string, Schema>>, taken: readonly string[]) {
    this.#components = components;
    this.#taken = new Set(taken);
  }

  /** `export type …` of every type that was used by its name. */
  get declarations(): readonly string[] {
    return this.#declarations;
  }

  /**
   * The type as it is written in place, but by a name where it is an object. What equals a type that is there goes by that
   * name where it fits: `transferWorkspace` answers a `Workspace`.
   */
  named(schema: Schema, wanted: string, otherwise: string): string {
    if (schema.type === 'array' && typeof schema.items === 'object' && !schema.prefixItems)
      return listOf(this.named(schema.items, wanted, otherwise));
    if (schema.$ref !== undefined || !schema.properties) return this.typeOf(schema);
    const text = this.typeOf(schema);
    const known = this.#declared.get(text)?.find((name) => wanted.startsWith(name));
    if (known !== undefined) return known;
    return this.#declare(this.#taken.has(wanted) ? otherwise : wanted, text, schema.description);
  }

  typeOf(schema: Schema | boolean, indent = ''): string {
    if (typeof schema === 'boolean') return schema ? 'unknown' : 'never';
    if (schema.$ref !== undefined) return this.#component(schema.$ref);
    if ('const' in schema) return JSON.stringify(schema.const);
    if (schema.enum) return union(schema.enum.map((value) => JSON.stringify(value)));
    const variants = schema.anyOf ?? schema.oneOf;
    if (variants) return union(variants.map((variant) => this.typeOf(variant, indent)));
    if (schema.allOf) return schema.allOf.map((part) => grouped(this.typeOf(part, indent))).join(' & ');
    if (Array.isArray(schema.type)) return union(schema.type.map((type) => this.typeOf({ ...schema, type }, indent)));
    return this.#plain(schema, indent);
  }

  #plain(schema: Schema, indent: string): string {
    switch (schema.type) {
      case 'string':
      case 'boolean':
      case 'null':
        return schema.type;
      case 'integer':
      case 'number':
        return 'number';
      case 'array':
        return this.#array(schema, indent);
      case 'object':
        return this.#object(schema, indent);
      default:
        if (schema.properties) return this.#object(schema, indent);
        return schema.not && Object.keys(schema.not).length === 0 ? 'never' : 'unknown';
    }
  }

  #array({ items = true, prefixItems }: Schema, indent: string): string {
    if (!prefixItems) return listOf(this.typeOf(items, indent));
    const fixed = prefixItems.map((item) => this.typeOf(item, indent));
    return `[${fixed.join(', ')}]`;
  }

  #object({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
    const others = additionalProperties === true ? {} : additionalProperties;
    const fields = Object.entries(properties);
    if (fields.length === 0) {
      if (additionalProperties === false) return 'Record<string, never>';
      const value = typeof others === 'object' ? this.typeOf(others, indent) : 'unknown';
      return `{ [key: string]: ${value} }`; // a Record could not refer to the type that it is in
    }
    const inner = `${indent}  `;
    const lines = fields.flatMap(([name, field]) => {
      const isRequired = required.includes(name);
      const type = this.typeOf(field, inner);
      const key = IDENTIFIER.test(name) ? name : JSON.stringify(name);
      return [
        ...docLines(field.description, inner),
        `${inner}${key}${isRequired ? '' : '?'}: ${isRequired ? type : union([type, 'undefined'])};`,
      ];
    });
    if (typeof others === 'object') lines.push(`${inner}[key: string]: unknown;`);
    return `{\n${lines.join('\n')}\n${indent}}`;
  }

  #component(reference: string): string {
    const name = reference.startsWith(COMPONENTS) ? reference.slice(COMPONENTS.length) : undefined;
    const schema = name === undefined ? undefined : this.#components[name];
    if (name === undefined || schema === undefined) return 'unknown';
    const known = this.#componentNames.get(name);
    if (known !== undefined) return known;
    const chosen = this.#free(pascal([name]));
    this.#componentNames.set(name, chosen); // first, for it may refer to itself
    this.#write(chosen, this.typeOf(schema), schema.description);
    return chosen;
  }

  #declare(wanted: string, text: string, description: string | undefined): string {
    const name = this.#free(wanted);
    this.#declared.set(text, [...(this.#declared.get(text) ?? []), name]);
    this.#write(name, text, description);
    return name;
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#taken.has(name); count++) name = `${wanted}${count}`;
    this.#taken.add(name);
    return name;
  }

  #write(name: string, text: string, description: string | undefined): void {
    this.#declarations.push([...docLines(description, ''), `export type ${name} = ${text};`].join('\n'));
  }
}

/** A comment of one line, which its text cannot end. */
export function docLines(text: string | undefined, indent: string): string[] {
  const line = text?.replace(/\s+/g, ' ').replaceAll('*/', '*\\/').trim();
  return line ? [`${indent}/** ${line} */`] : [];
}

function union(types: readonly string[]): string {
  const unique = [...new Set(types)];
  return unique.includes('unknown') ? 'unknown' : unique.join(' | ') || 'never';
}

function grouped(type: string): string {
  return type.includes(' | ') ? `(${type})` : type;
}

function listOf(type: string): string {
  return IDENTIFIER.test(type) ? `${type}[]` : `Array<${type}>`;
}
