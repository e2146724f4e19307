import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { KernelError } from '../base/errors.js';
import { openApiOf } from '../service/routes/routes-of.js';
import { generateClient } from './client/generate-client.js';
import { type ApiDocument, asDocument } from './client/openapi-document.js';
import { loadService, prepareEnvironment, type ServiceModuleOptions, takesService } from './load-service.js';
import { type Terminal, writeResult } from './terminal.js';

interface ClientCommandOptions extends ServiceModuleOptions {
  out?: string;
  tags?: string[];
}

const FETCH_TIMEOUT_MS = 30_000;

export function addClient(program: Command, terminal: Terminal): void {
  takesService(program.command('client').description('Write a typed client of a service as one TypeScript file'))
    .option('--out <file>', 'default: standard output')
    .option('--tags <tags...>', 'only operations with one of these OpenAPI tags, such as orders products')
    .addHelpText(
      'after',
      '\nIn place of a module it takes an OpenAPI document: openapi.json, or http://localhost:8000/openapi.json',
    )
    .action((source: string, options: ClientCommandOptions) => writeClient(source, options, terminal));
}

async function writeClient(source: string, options: ClientCommandOptions, terminal: Terminal): Promise<void> {
  const text = generateClient(await documentOf(source, options), { tags: options.tags });
  await writeResult(text, options.out, terminal);
}

async function documentOf(source: string, options: ClientCommandOptions): Promise<ApiDocument> {
  if (/^https?:/.test(source)) return asDocument(await download(source), source);
  if (source.endsWith('.json')) return asDocument(parsed(await read(source), source), source);
  prepareEnvironment(source);
  const service = await loadService(source, options.export);
  try {
    return asDocument(await openApiOf(service.kernel), source);
  } finally {
    await service.close();
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new KernelError('E_CLI', `${file} cannot be read: name an OpenAPI document`, { cause });
  }
}

async function download(url: string): Promise<unknown> {
  let text: string;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    text = await response.text();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KernelError('E_CLI', `${url} cannot be fetched (${reason}): is the service running?`, { cause });
  }
  return parsed(text, url);
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KernelError('E_CLI', `${source} is no JSON`, { cause });
  }
}
