import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

/**
 * Turns zod schemas into JSON Schema and gathers the named ones (`.meta({ id: 'Product' })`, and those that refer to
 * themselves) as components, so that a document shows each once.
 */
export class OpenApiSchemas {
  readonly components: Record<string, JsonSchema> = {};

  /** `input` is what a client sends (defaults are optional), `output` what it gets. `name` is for recursive schemas. */
  convert(schema: z.ZodType, io: 'input' | 'output', name: string): JsonSchema {
    const {
      $schema: _dialect,
      $defs,
      ...root
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
        if (zodSchema._zod.def.type === 'bigint') Object.assign(jsonSchema, { type: 'string', format: 'int64' });
      },
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    const names = new Map<string, string>();
    for (const [local, definition] of Object.entries($defs ?? {})) {
      const isNamed = !local.startsWith('__');
      names.set(local, isNamed ? this.#nameFor(local, definition) : this.#madeUpName(name, local, definition));
    }
    const refersToItself = JSON.stringify(root).includes('"$ref":"#"');
    const self = refersToItself ? this.#nameFor(name, root) : undefined;
    for (const [local, definition] of Object.entries($defs ?? {})) {
      this.components[names.get(local) as string] = relocate(definition, names, self);
    }
    const relocated = relocate(root, names, self);
    if (self === undefined) return relocated;
    this.components[self] = relocated;
    return { $ref: COMPONENTS + self };
  }

  /** For a schema without a name: the one it got elsewhere, where it stands for itself and is the same. */
  #madeUpName(name: string, local: string, definition: JsonSchema): string {
    const text = JSON.stringify(definition);
    const references = text.match(/"\$ref":"[^"]+"/g) ?? [];
    const standsAlone = references.every((reference) => reference === `"$ref":"${DEFINITIONS}${local}"`);
    const known = standsAlone ? this.#madeUp.get(text) : undefined;
    const chosen = known ?? this.#nameFor(name + local.slice(2), definition);
    this.#madeUp.set(text, chosen);
    return chosen;
  }

  /** `wanted`, or a numbered form of it where another schema has that name already. */
  #nameFor(wanted: string, definition: JsonSchema): string {
    const text = JSON.stringify(definition);
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted}${count}`;
      const known = this.#sources.get(name);
      if (known === undefined) this.#sources.set(name, text);
      if (known === undefined || known === text) return name;
    }
  }

  readonly #sources = new Map<string, string>();
  readonly #madeUp = new Map<string, string>();
}

/** A copy whose references point into the document's components. */
function relocate(schema: JsonSchema, names: ReadonlyMap<string, string>, self: string | undefined): JsonSchema {
  return relocateValue(schema, names, self) as JsonSchema;
}

function relocateValue(value: unknown, names: ReadonlyMap<string, string>, self: string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => relocateValue(item, names, self));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === '$ref' && typeof member === 'string') return [key, relocateReference(member, names, self)];
      return [key, relocateValue(member, names, self)];
    }),
  );
}

function relocateReference(reference: string, names: ReadonlyMap<string, string>, self: string | undefined): string {
  if (reference === '#' && self !== undefined) return COMPONENTS + self;
  if (!reference.startsWith(DEFINITIONS)) return reference;
  const local = reference.slice(DEFINITIONS.length);
  return COMPONENTS + (names.get(local) ?? local);
}
