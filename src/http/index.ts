export { getRealIp, peerAddress } from './client-address.js';
export { compose } from './compose.js';
export type { CorsOptions } from './cors.js';
export {
  AuthError,
  BadRequestError,
  BodyTooLargeError,
  ForbiddenError,
  MethodNotAllowedError,
  RateLimitedError,
  UnsupportedMediaTypeError,
} from './errors.js';
export { type Geo, getGeoFromHeaders } from './geo.js';
export { type Guard, GuardRegistry } from './guard-registry.js';
export {
  getCurrentAdmin,
  getCurrentUser,
  getCurrentUserOptional,
  optionalAuth,
  requireAdmin,
  requireAuth,
} from './guards.js';
export { type InjectInit, injectRequest } from './inject.js';
export { addressBucket, canonicalAddress, isPrivateAddress } from './ip-address.js';
export { buildOpenApi, type OpenApiDocument, type OpenApiInfo } from './openapi.js';
export { type Problem, toProblem } from './problem.js';
export { noRateLimit, rateLimit } from './rate-limit.js';
export { type LimitDecision, RateLimits, type RateLimitTiers, type RequestLimiter } from './rate-limits.js';
export { getRequestContext, RequestContext, type RequestContextFields } from './request-context.js';
export type { AuthInfo, HttpContext, HttpMiddleware, KernelState, Next } from './request-state.js';
export type { AuthGuards, AuthRequirement, HttpMethod, RouteDeclaration, RouteInput, RouteOptions } from './route.js';
export { markMiddleware, type RouteMarks } from './route-marks.js';
export { type AnyRouter, type MatchedRoute, type Mountable, RouteTable } from './route-table.js';
export { createHttpServer, type HttpServerOptions } from './server.js';
export {
  type Authenticate,
  createStack,
  installStack,
  type SecurityOptions,
  type Stack,
  type StackOptions,
} from './stack.js';
export { createRouter, type RouterOptions, TypedRouter } from './typed-router.js';
export { UserIdentity, type UserIdentityFields } from './user-identity.js';
