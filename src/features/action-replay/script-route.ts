import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.js';
import { createRouter, noRateLimit, type TypedRouter } from '../../http/index.js';

export interface ActionLogScriptOptions {
  /** Path of the route that saves replays, on this host. */
  savePath: string;
}

const SCRIPT = 'dist/browser/action-log.min.js';

/** `/_kernel/action-log.js`: the client of action replays for any page, told where this service takes them. */
export function createActionLogScriptRouter({ savePath }: ActionLogScriptOptions): TypedRouter {
  const router = createRouter({ hidden: true }).use(noRateLimit());
  const url = `new URL(${JSON.stringify(savePath)}, document.currentScript?.src ?? location.href).href`;
  let script: Promise<string> | undefined;

  router.get('/_kernel/action-log.js', {}, async ({ ctx }) => {
    script ??= readFile(join(packageRoot(), SCRIPT), 'utf8');
    script.catch(() => {
      script = undefined; // an unbuilt package is built at some time
    });
    ctx.body = `${await script}actionLog.configure({ saveUrl: ${url} });\n`;
    ctx.type = 'js';
    ctx.set('Cross-Origin-Resource-Policy', 'cross-origin'); // the page may come from another host than its API
  });
  return router;
}
