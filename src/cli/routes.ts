import type { Command } from 'commander';
import type { AuthRequirement, MatchedRoute } from '../http/index.js';
import { routesOf } from '../service/routes/routes-of.js';
import { loadService, prepareEnvironment, type ServiceModuleOptions, takesService } from './load-service.js';
import type { Terminal } from './terminal.js';

interface RoutesOptions extends ServiceModuleOptions {
  json?: boolean;
}

export function addRoutes(program: Command, terminal: Terminal): void {
  takesService(program.command('routes').description('List every route with who may call it; no server is reached'))
    .option('--json', 'as JSON')
    .action((module: string, options: RoutesOptions) => listRoutes(module, options, terminal));
}

async function listRoutes(module: string, options: RoutesOptions, { output }: Terminal): Promise<void> {
  prepareEnvironment(module);
  const service = await loadService(module, options.export);
  try {
    const rows = (await routesOf(service.kernel)).map(toRow);
    output.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
  } finally {
    await service.close();
  }
}

interface RouteRow {
  method: string;
  path: string;
  auth: string;
  limit: string;
  summary: string;
}

const HEADINGS: RouteRow = { method: 'METHOD', path: 'PATH', auth: 'AUTH', limit: 'LIMIT', summary: 'SUMMARY' };

function toRow({ methods, template, marks, declaration }: MatchedRoute): RouteRow {
  const { rateLimit } = marks;
  return {
    method: declaration?.method ?? methods.join(','),
    path: template,
    auth: declaration ? authText(declaration.options.auth) : '(its router)',
    limit: rateLimit === null ? 'none' : rateLimit ? `${rateLimit.limit}/${rateLimit.windowSeconds}s` : 'tier',
    summary: declaration?.options.summary ?? '',
  };
}

function authText(auth: AuthRequirement = 'none'): string {
  if (typeof auth === 'string') return auth;
  return Object.entries(auth)
    .map(([kind, value]) => `${kind} ${String(value)}`)
    .join(', ');
}

function table(rows: readonly RouteRow[]): string {
  const all = [HEADINGS, ...rows];
  const columns = Object.keys(HEADINGS) as Array<keyof RouteRow>;
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)));
  const lines = all.map((row) => columns.map((column, index) => row[column].padEnd(widths[index] ?? 0)).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
