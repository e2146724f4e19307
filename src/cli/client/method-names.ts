import type { Schema } from './openapi-document.js';

/** What the name of a method is made of. */
export interface NamedCall {
  /** Upper case. */
  method: string;
  /** `/api/v1/users/{id}`. */
  path: string;
  operationId?: string | undefined;
  /** The answer of success. */
  result?: Schema | undefined;
  isStream: boolean;
  /** Whether the same path takes a POST: then it is a collection, also where its answer is not described. */
  takesPost?: boolean;
}

const VERBS: Readonly<Record<string, string>> = { GET: 'get', PATCH: 'update', PUT: 'put', DELETE: 'delete' };

/** `listProducts`, `getProduct`, `createProduct`, `cancelTask`, `authLogin`: said as people would say it. */
export function methodName(call: NamedCall): string {
  const { method, path, operationId } = call;
  const parts = pathParts(path);
  if (operationId && operationId !== generatedId(method, path)) return camel(words(operationId));
  const names = parts.filter((part) => !isParameter(part));
  const last = names.at(-1) ?? 'root';
  const before = names.slice(0, -1).map(singular);
  const endsWithParameter = isParameter(parts.at(-1) ?? '');
  if (method === 'POST') return camel(postWords(last, before, parts));
  const verb = call.isStream ? 'stream' : (VERBS[method] ?? method.toLowerCase());
  if (
    method === 'GET' &&
    !call.isStream &&
    !endsWithParameter &&
    (isList(call.result, last) || (call.takesPost && isPlural(last)))
  )
    return camel(['list', ...before, last]);
  const isOne = endsWithParameter || method === 'PATCH' || method === 'PUT';
  return camel([verb, ...before, isOne ? singular(last) : last]);
}

/** What one thing of the path is called: `Product` of `/products/{id}`. */
export function resourceName(path: string): string {
  const names = pathParts(path).filter((part) => !isParameter(part));
  return pascal(names.map(singular));
}

export function pascal(parts: readonly string[]): string {
  const joined = parts.flatMap(words).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const name = joined.join('');
  return /^\d/.test(name) || name === '' ? `_${name}` : name;
}

export function camel(parts: readonly string[]): string {
  const name = pascal(parts);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `POST /products` creates one, `/tasks/{id}/cancel` cancels one, `/auth/login` is an action of its own. */
function postWords(last: string, before: readonly string[], parts: readonly string[]): string[] {
  if (isPlural(last) && !isParameter(parts.at(-1) ?? '')) return ['create', ...before, singular(last)];
  const previous = parts.at(-2) ?? '';
  if (isParameter(previous) || isPlural(previous)) return [last, ...before];
  return [...before, last];
}

/** A list, or a page that holds one under the name of what is listed. */
function isList(result: Schema | undefined, name: string): boolean {
  if (result?.type === 'array') return true;
  const held = result?.properties?.[words(name).join('_')];
  return held?.type === 'array';
}

/** Without what says nothing: `/api/v1`. */
function pathParts(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  const prefix = parts.length > 1 && parts[0] === 'api' ? (/^v\d+$/.test(parts[1] ?? '') ? 2 : 1) : 0;
  return parts.length > prefix ? parts.slice(prefix) : parts;
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}

/** The id that a service makes up where a route names none. */
function generatedId(method: string, path: string): string {
  return [method.toLowerCase(), ...path.split(/[^A-Za-z0-9]+/).filter(Boolean)].join('_');
}

function words(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => (word === word.toUpperCase() ? word.toLowerCase() : word));
}

function isPlural(word: string): boolean {
  return singular(word) !== word;
}

function singular(word: string): string {
  if (/(ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(sses|ches|shes|xes)$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}
