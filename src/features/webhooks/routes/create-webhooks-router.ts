import { createRouter, type TypedRouter } from '../../../http/index.js';
import { createDeliveryRoutes, type DeliveryRoutesOptions } from './delivery-routes.js';
import { createEndpointRoutes } from './webhook-routes.js';

export type WebhooksRouterOptions = Omit<DeliveryRoutesOptions, 'prefix'> & {
  /** Default `/webhooks`. */
  prefix?: string;
};

/** Webhooks, managed by the admins of a workspace. */
export function createWebhooksRouter({ prefix = '/webhooks', ...options }: WebhooksRouterOptions): TypedRouter {
  const router: TypedRouter = createRouter();
  const parts = [createEndpointRoutes({ ...options, prefix }), createDeliveryRoutes({ ...options, prefix })];
  for (const part of parts) router.declarations.push(...part.declarations);
  return router;
}
