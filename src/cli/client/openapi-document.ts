import { KernelError } from '../../base/errors.js';

/** What is read of an OpenAPI document. */
export interface ApiDocument {
  info: { title: string; version: string };
  paths: Record<string, Record<string, ApiOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface ApiOperation {
  operationId?: string;
  summary?: string;
  description?: string;
  deprecated?: boolean;
  tags?: string[];
  parameters?: ApiParameter[];
  requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export interface ApiParameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

/** JSON Schema 2020-12, as far as types come of it. */
export interface Schema {
  $ref?: string;
  const?: unknown;
  enum?: unknown[];
  type?: string | string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  not?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  description?: string;
}

/** @throws KernelError `E_CLI` for what is no OpenAPI 3 */
export function asDocument(value: unknown, source: string): ApiDocument {
  const document = value as Partial<ApiDocument & { openapi: string }> | null;
  if (typeof document?.openapi === 'string' && document.openapi.startsWith('3.') && document.info && document.paths)
    return document as ApiDocument;
  throw new KernelError('E_CLI', `${source} is no OpenAPI 3 document`);
}
