import { createAdminMeteringRouter, createMeteringRouter, usageService } from '../../features/metering/index.js';
import type { Room, RoomOptions } from './room.js';

export function openMetering({ settings, services, identity }: RoomOptions): Room | undefined {
  const meter = services.get(usageService);
  if (!meter || !settings.auth.enabled) return undefined;
  const options = { ...meter, saas: identity.saas };
  const routers = [createMeteringRouter(options), createAdminMeteringRouter(options)];
  return { mount: (routes, prefix) => routes.mount(routers, prefix) };
}
