export { DocsAssets } from './assets.js';
export { createDocsRouter, type DocsRouterOptions } from './routes.js';
