export { ApiKeyStore, type IssuedApiKey, type ListApiKeysOptions, type NewApiKey } from './api-key-store.js';
export { createApiKey, listApiKeys, revokeApiKey } from './api-keys.js';
export { createApiKeyAuthenticator } from './authenticator.js';
export { KernelApiKey } from './entities.js';
export { assertScope, type CombinedAuth, checkScope, getCombinedAuth, requireScope } from './guards.js';
export { createApiKeyRouter } from './routes.js';
