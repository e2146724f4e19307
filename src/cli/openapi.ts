import type { Command } from 'commander';
import { openApiOf } from '../service/routes/routes-of.js';
import { loadService, prepareEnvironment, type ServiceModuleOptions, takesService } from './load-service.js';
import { type Terminal, writeResult } from './terminal.js';

interface OpenApiOptions extends ServiceModuleOptions {
  out?: string;
}

export function addOpenApi(program: Command, terminal: Terminal): void {
  takesService(program.command('openapi').description('Write the OpenAPI document of a service; no server is reached'))
    .option('--out <file>', 'default: standard output')
    .action((module: string, options: OpenApiOptions) => writeOpenApi(module, options, terminal));
}

async function writeOpenApi(module: string, options: OpenApiOptions, terminal: Terminal): Promise<void> {
  prepareEnvironment(module);
  const service = await loadService(module, options.export);
  try {
    await writeResult(`${JSON.stringify(await openApiOf(service.kernel), null, 2)}\n`, options.out, terminal);
  } finally {
    await service.close();
  }
}
