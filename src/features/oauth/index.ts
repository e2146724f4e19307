export { OAuthAccountStore } from './account-store.js';
export { KernelOAuthAccount } from './entities.js';
export { FlowStore } from './flow/flow-store.js';
export {
  type ClientVerdict,
  type EndpointAnswer,
  type ProbeOptions,
  probeClient,
  probeEndpoints,
} from './flow/probe-provider.js';
export { callbackUrl } from './flow/provider-request.js';
export { githubProvider, googleProvider, type Provider } from './flow/providers.js';
export { OAuth } from './oauth.js';
export { createOAuthRouter } from './routes.js';
