/** Steps into a json document: a text names a member of an object, a number a place in an array. */
export type JsonPath = ReadonlyArray<string | number>;

export type JsonScalar = string | number | boolean | null;

/** A condition with its values; it asks for one placeholder per value, in their order. */
export interface JsonCondition {
  readonly values: readonly unknown[];
  readonly write: (next: () => string) => string;
}

/** `$."tags"[0]`: the text of a path, which every engine reads alike. */
export function jsonPathText(path: JsonPath): string {
  return `$${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${JSON.stringify(step)}`)).join('')}`;
}
