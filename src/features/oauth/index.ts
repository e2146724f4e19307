export { OAuthAccountStore } from './account-store.js';
export { KernelOAuthAccount } from './entities.js';
export { FlowStore } from './flow/flow-store.js';
export { githubProvider, googleProvider } from './flow/providers.js';
export { OAuth } from './oauth.js';
export { createOAuthRouter } from './routes.js';
