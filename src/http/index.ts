export { getRealIp, isForwarded, peerAddress } from './client-address.js';
export { compose } from './compose.js';
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
export { buildOpenApi, type OpenApiInfo } from './openapi.js';
export { type Problem, toProblem } from './problem.js';
export { noRateLimit, rateLimit } from './rate-limit.js';
export { type LimitDecision, RateLimits, type RequestLimiter } from './rate-limits.js';
export { getRequestContext, RequestContext, type RequestContextFields } from './request-context.js';
export type { AuthInfo, HttpContext, HttpMiddleware, KernelState, Next } from './request-state.js';
export type { AuthGuards, AuthRequirement, HttpMethod, RouteInput, RouteOptions } from './route.js';
export { markMiddleware } from './route-marks.js';
export { type Mountable, RouteTable } from './route-table.js';
export { createHttpServer, type HttpServerOptions } from './server.js';
export {
  createStack,
  installStack,
  type StackOptions,
} from './stack.js';
export { createRouter, type RouterOptions, TypedRouter } from './typed-router.js';
export { UserIdentity, type UserIdentityFields } from './user-identity.js';
