export { DocsAssets } from './assets.js';
export { createDocsRouter } from './routes.js';
