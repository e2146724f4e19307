import { quickService, type Service, ServiceConfig, type ServiceOptions } from 'app-kernel';
import { Product } from './product.js';
import { router } from './routes.js';
import { sendWelcomeEmail } from './tasks.js';

/** A first admin for the tour. The example listens on this machine only. */
export const ADMIN = { email: 'admin@example.com', password: 'tour-of-the-house' };

export function createQuickstart(options: Partial<ServiceOptions> = {}): Service {
  return quickService('quickstart', {
    config: ServiceConfig.fromEnv(),
    routers: [router],
    entities: [Product],
    tasks: { send_welcome_email: sendWelcomeEmail },
    admin: ADMIN,
    ...options,
  });
}
