import { camel, methodName, pascal, resourceName } from './method-names.js';
import type { ApiDocument, ApiOperation, ApiParameter, Schema } from './openapi-document.js';
import type { TypeWriter } from './type-writer.js';

export type BodyKind = 'json' | 'form' | 'multipart' | 'raw';

/** One method of the client, with its types written out. */
export interface ClientMethod {
  name: string;
  method: string;
  path: string;
  /** In the order of the path, by the names that they have there. */
  pathParameters: Array<{ name: string; argument: string; type: string }>;
  query: { type: string; isRequired: boolean } | undefined;
  body: { type: string; kind: BodyKind; isRequired: boolean } | undefined;
  /** `undefined` for a stream of events. */
  result: string | undefined;
  summary: string;
  isDeprecated: boolean;
}

const KINDS: ReadonlyArray<readonly [mediaType: string, kind: BodyKind, type?: string]> = [
  ['application/json', 'json'],
  ['multipart/form-data', 'multipart', 'FormData'],
  ['application/x-www-form-urlencoded', 'form'],
  ['*/*', 'raw', "NonNullable<RequestInit['body']>"],
];
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** Names that the methods themselves use. */
const ARGUMENTS = ['body', 'query', 'options', 'this'];

/** Every operation of the document, or those with one of `tags`. */
export function clientMethods(document: ApiDocument, types: TypeWriter, tags?: readonly string[]): ClientMethod[] {
  const taken = new Set(['constructor', 'call', 'stream']);
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method, operation]) => METHODS.includes(method) && (!tags || hasTag(operation, tags)))
      .map(([method, operation]) =>
        toMethod(method.toUpperCase(), { path, takesPost: 'post' in item }, operation, types, taken),
      ),
  );
}

function hasTag(operation: ApiOperation, tags: readonly string[]): boolean {
  return (operation.tags ?? []).some((tag) => tags.includes(tag));
}

function toMethod(
  method: string,
  { path, takesPost }: { path: string; takesPost: boolean },
  operation: ApiOperation,
  types: TypeWriter,
  taken: Set<string>,
): ClientMethod {
  const { content = {} } = successOf(operation) ?? {};
  const isStream = 'text/event-stream' in content;
  const answer = content['application/json']?.schema;
  const { operationId } = operation;
  const named = methodName({ method, path, operationId, result: answer, isStream, takesPost });
  const parameters = operation.parameters ?? [];
  const name = freeName(named, path, taken);
  return {
    name,
    method,
    path,
    pathParameters: pathParameters(path, parameters, types),
    query: queryOf(parameters, types),
    body: bodyOf(operation, types, name),
    result: isStream ? undefined : resultOf(operation, answer, types, path, name),
    summary: operation.summary ?? '',
    isDeprecated: operation.deprecated === true,
  };
}

function successOf({ responses }: ApiOperation): ApiOperation['responses'][string] | undefined {
  const status = Object.keys(responses).find((code) => /^2/.test(code));
  return status === undefined ? undefined : responses[status];
}

/** Two routes may want one name: the second says what it goes by. */
function freeName(wanted: string, path: string, taken: Set<string>): string {
  const last = [...path.matchAll(/\{([^}]+)\}/g)].at(-1)?.[1];
  let name = taken.has(wanted) && last ? `${wanted}By${pascal([last])}` : wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}${count}`;
  taken.add(name);
  return name;
}

function pathParameters(
  path: string,
  parameters: readonly ApiParameter[],
  types: TypeWriter,
): ClientMethod['pathParameters'] {
  return [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => {
    const schema = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema;
    const argument = camel([name]);
    return {
      name,
      argument: ARGUMENTS.includes(argument) ? `${argument}Value` : argument,
      type: schema ? types.typeOf(schema) : 'string',
    };
  });
}

function queryOf(parameters: readonly ApiParameter[], types: TypeWriter): ClientMethod['query'] {
  const fields = parameters.filter((parameter) => parameter.in === 'query');
  if (fields.length === 0) return undefined;
  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const properties = Object.fromEntries(fields.map(({ name, schema = {} }) => [name, schema]));
  return {
    type: types.typeOf({ type: 'object', properties, required }, '    '),
    isRequired: required.length > 0,
  };
}

function bodyOf({ requestBody }: ApiOperation, types: TypeWriter, name: string): ClientMethod['body'] {
  if (!requestBody) return undefined;
  const [mediaType, kind, fixed] = KINDS.find(([type]) => type in requestBody.content) ?? (['*/*', 'raw'] as const);
  const schema: Schema = requestBody.content[mediaType]?.schema ?? {};
  const own = `${pascal([name])}Body`;
  return {
    type: fixed ?? types.named(schema, own, own),
    kind,
    isRequired: requestBody.required !== false,
  };
}

function resultOf(
  operation: ApiOperation,
  schema: Schema | undefined,
  types: TypeWriter,
  path: string,
  name: string,
): string {
  if (!schema) return '204' in operation.responses ? 'void' : 'unknown';
  return types.named(schema, resourceName(path), `${pascal([name])}Result`);
}
