import { version } from '../../service/version.js';
import { CLIENT_RUNTIME, RUNTIME_NAMES } from './client-runtime.js';
import type { ApiDocument } from './openapi-document.js';
import { type ClientMethod, clientMethods } from './operations.js';
import { docLines, TypeWriter } from './type-writer.js';

export interface GenerateOptions {
  /** Only operations with one of these tags. */
  tags?: readonly string[] | undefined;
}

/** The text of one TypeScript module: a client with a method for each operation. It needs `fetch` and nothing else. */
export function generateClient(document: ApiDocument, { tags }: GenerateOptions = {}): string {
  const types = new TypeWriter(document.components?.schemas ?? {}, RUNTIME_NAMES);
  const methods = clientMethods(document, types, tags).map(methodText);
  const title = `${document.info.title} ${document.info.version}`.replace(/\s+/g, ' ');
  return [
    `/* eslint-disable */\n// The client of ${title}, written by "app-kernel client" (${version}). Changes are lost when it is written again.`,
    types.declarations.join('\n\n'),
    CLIENT_RUNTIME.replace('/* methods */', () => methods.join('\n\n').trimStart()),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function methodText(method: ClientMethod): string {
  const { name, pathParameters, query, body, result } = method;
  const parameters = [
    ...pathParameters.map(({ argument, type }) => `${argument}: ${type}`),
    ...(body ? [body.isRequired ? `body: ${body.type}` : `body?: ${body.type}`] : []),
    ...(query ? [query.isRequired ? `query: ${query.type}` : `query: ${query.type} = {}`] : []),
    'options: CallOptions = {}',
  ];
  const call = [
    ...(pathParameters.length > 0 ? [`path: { ${pathParameters.map(pathField).join(', ')} }`] : []),
    ...(query ? ['query'] : []),
    ...(body ? [body.kind === 'raw' || body.kind === 'multipart' ? 'raw: body' : `${body.kind}: body`] : []),
    'options',
  ].join(', ');
  const arguments_ = `'${method.method}', ${JSON.stringify(method.path)}, { ${call} }`;
  const answer = result === undefined ? 'AsyncGenerator<ServerEvent, void, undefined>' : `Promise<${result}>`;
  const send = result === undefined ? `this.stream(${arguments_})` : `this.call<${result}>(${arguments_})`;
  const summary = [method.summary, `(${method.method} ${method.path})`].filter(Boolean).join(' ');
  return [
    ...docLines(method.isDeprecated ? `@deprecated ${summary}` : summary, '  '),
    `  ${name}(${parameters.join(', ')}): ${answer} {`,
    `    return ${send};`,
    '  }',
  ].join('\n');
}

function pathField({ name, argument }: ClientMethod['pathParameters'][number]): string {
  return name === argument ? name : `${JSON.stringify(name)}: ${argument}`;
}
