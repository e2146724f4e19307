import {
  buildOpenApi,
  createRouter,
  noRateLimit,
  type OpenApiInfo,
  type RouteTable,
  type TypedRouter,
} from '../../http/index.js';
import { type DocsAsset, DocsAssets } from './assets.js';
import { docsPage, START_SCRIPT } from './page.js';

export interface DocsRouterOptions {
  /** The table whose routes are shown; read on the first request, when all are mounted. */
  routes: RouteTable;
  info: OpenApiInfo;
  /** Default `/docs`. */
  docsPath?: string;
  /** Default `/openapi.json`. */
  openApiPath?: string;
  assets?: DocsAssets;
}

/** `/openapi.json`, and `/docs` to read and try it, served from this process alone. */
export function createDocsRouter(options: DocsRouterOptions): TypedRouter {
  const { routes, info, docsPath = '/docs', openApiPath = '/openapi.json', assets = new DocsAssets() } = options;
  const router = createRouter({ tags: ['docs'], hidden: true }).use(noRateLimit());
  const page = docsPage({ title: `${info.title} – API`, docsPath, openApiPath });
  let document: string | undefined;

  router.get(openApiPath, {}, async ({ ctx }) => {
    document ??= JSON.stringify(buildOpenApi(routes.routes(), info));
    ctx.set('Cache-Control', 'no-cache');
    ctx.type = 'application/json';
    ctx.body = document;
  });
  router.get(docsPath, {}, async ({ ctx }) => {
    ctx.type = 'html';
    ctx.set('Content-Security-Policy', withInlineStyles(ctx.response.get('Content-Security-Policy')));
    ctx.body = page;
  });
  router.get(`${docsPath}/start.js`, {}, async ({ ctx }) => {
    ctx.type = 'js';
    ctx.body = START_SCRIPT;
  });
  serveAsset('swagger-ui-bundle.js', 'js');
  serveAsset('swagger-ui.css', 'css');
  router.get('/redoc', {}, async ({ ctx }) => {
    ctx.redirect(docsPath);
  });
  return router;

  function serveAsset(name: DocsAsset, type: string): void {
    router.get(`${docsPath}/${name}`, {}, async ({ ctx }) => {
      ctx.type = type;
      ctx.body = await assets.read(name);
    });
  }
}

/** Swagger UI sets styles on its elements; the policy is loosened for this page and nothing else. */
function withInlineStyles(policy: string): string {
  return policy.replace(/style-src [^;]*/, "style-src 'self' 'unsafe-inline'");
}
