import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import type { BodyFormat, HttpMethod, RouteOptions } from '../routing/route.js';
import type { MatchedRoute } from '../routing/route-table.js';
import { type JsonSchema, OpenApiSchemas } from './openapi-schemas.js';

export interface OpenApiInfo {
  title: string;
  version: string;
  description?: string;
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: OpenApiInfo;
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, unknown>;
}

const MEDIA_TYPES: Record<BodyFormat, string> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
};
const DOCUMENTED_METHODS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'request_id', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    request_id: { type: 'string' },
    code: { type: 'string', examples: ['E_VALIDATION'] },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['loc', 'msg', 'type'],
        properties: {
          loc: { type: 'array', items: { type: ['string', 'integer'] } },
          msg: { type: 'string' },
          type: { type: 'string' },
        },
      },
    },
  },
};

/** OpenAPI 3.1 of every route that is not hidden; of plain routers, what is known: path and methods. */
export function buildOpenApi(routes: readonly MatchedRoute[], info: OpenApiInfo): OpenApiDocument {
  const schemas = new OpenApiSchemas();
  const paths: OpenApiDocument['paths'] = {};
  for (const route of routes) {
    if (route.declaration?.options.hidden || !isTemplate(route.path)) continue;
    const path = openApiPath(route.template);
    paths[path] ??= {};
    const item = paths[path];
    for (const method of documentedMethods(route)) item[method.toLowerCase()] ??= operation(route, method, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { ...info },
    paths,
    components: {
      schemas: { ...schemas.components, Problem: PROBLEM_SCHEMA },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

/** `/users/:id` is `/users/{id}`; an optional part is shown. */
/** OpenAPI has no words for a pattern. */
function isTemplate(path: string | RegExp): boolean {
  return typeof path === 'string' && path.startsWith('/');
}

function openApiPath(template: string): string {
  return template.replace(/[{}]/g, '').replace(/[:*]([A-Za-z0-9_$]+)/g, '{$1}');
}

function documentedMethods(route: MatchedRoute): readonly string[] {
  if (route.declaration) return [route.declaration.method];
  return route.methods.filter((method) => DOCUMENTED_METHODS.includes(method));
}

function operation(route: MatchedRoute, method: string, schemas: OpenApiSchemas): Record<string, unknown> {
  const options: RouteOptions = route.declaration?.options ?? {};
  const id = options.operationId ?? operationId(method, route.template);
  const body = requestBody(options, schemas, id);
  return {
    operationId: id,
    ...(route.tags.length > 0 && { tags: route.tags }),
    ...(options.summary && { summary: options.summary }),
    ...(options.description && { description: options.description }),
    ...(options.deprecated && { deprecated: true }),
    ...securityOf(options),
    parameters: [...pathParameters(route, schemas, id), ...queryParameters(options.query, schemas, id)],
    ...(body && { requestBody: body }),
    responses: responsesOf(route, method as HttpMethod, schemas, id),
  };
}

/** `GET /api/v1/users/:id` is `get_api_v1_users_id`. */
function operationId(method: string, template: string): string {
  const words = template.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return [method.toLowerCase(), ...words].join('_');
}

function securityOf({ auth = 'none' }: RouteOptions): Record<string, unknown> {
  if (auth === 'none') return {};
  if (auth === 'optional') return { security: [{}, { bearer: [] }] };
  const security = [{ bearer: [] }];
  if (auth === 'user') return { security };
  return { security, 'x-requires': auth === 'admin' ? { role: 'admin' } : auth };
}

function pathParameters(route: MatchedRoute, schemas: OpenApiSchemas, id: string): unknown[] {
  const params = route.declaration?.options.params;
  const properties = params ? propertiesOf(schemas.convert(params, 'input', `${id}_path`)) : {};
  const names = [...route.template.matchAll(/[:*]([A-Za-z0-9_$]+)/g)].map((match) => match[1] as string);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name] ?? { type: 'string' },
  }));
}

function queryParameters(query: z.ZodType | undefined, schemas: OpenApiSchemas, id: string): unknown[] {
  if (!query) return [];
  const schema = schemas.convert(query, 'input', `${id}_query`);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(propertiesOf(schema)).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(typeof property.description === 'string' && { description: property.description }),
    schema: property,
  }));
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function requestBody(options: RouteOptions, schemas: OpenApiSchemas, id: string): Record<string, unknown> | undefined {
  if (!options.body && !options.rawBody && !options.accepts) return undefined;
  if (!options.body && options.rawBody) return { required: true, content: { '*/*': { schema: {} } } };
  const schema = options.body ? schemas.convert(options.body, 'input', `${id}_body`) : {};
  const formats = [options.accepts ?? 'json'].flat();
  return { required: true, content: Object.fromEntries(formats.map((format) => [MEDIA_TYPES[format], { schema }])) };
}

function responsesOf(route: MatchedRoute, method: HttpMethod, schemas: OpenApiSchemas, id: string): unknown {
  if (!route.declaration) return { default: { description: 'Whatever the router answers' } };
  const { options } = route.declaration;
  const status = options.status ?? (options.response || method !== 'DELETE' ? 200 : 204);
  const success = {
    description: STATUS_CODES[status] ?? 'Success',
    ...(options.stream && { content: { 'text/event-stream': { schema: { type: 'string' } } } }),
    ...(options.response && {
      content: { 'application/json': { schema: schemas.convert(options.response, 'output', `${id}_response`) } },
    }),
  };
  const problems = problemStatuses(route, options).map((code) => [code, problem(STATUS_CODES[code] ?? 'Error')]);
  return { [status]: success, ...Object.fromEntries(problems), default: problem('Any other fault') };
}

function problemStatuses(route: MatchedRoute, options: RouteOptions): number[] {
  const { auth = 'none' } = options;
  const statuses: number[] = [];
  if (auth !== 'none' && auth !== 'optional') statuses.push(401);
  if (auth === 'admin' || typeof auth === 'object') statuses.push(403);
  if (/[:*]/.test(route.template)) statuses.push(404);
  if (options.body || options.query || options.params) statuses.push(422);
  if (route.marks.rateLimit !== null) statuses.push(429);
  return statuses;
}

function problem(description: string): unknown {
  return { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
}
