import { createAuditRouter } from '../../features/audit/index.js';
import { hasSaas } from '../identity.js';
import type { Room, RoomOptions } from './room.js';

export function openAuditRoom({ settings, engines: { telemetry: db } }: RoomOptions): Room | undefined {
  const { enableAuditRoutes, auditPath, saasPrefix } = settings.features;
  if (!db || !enableAuditRoutes || !settings.auth.enabled) return undefined;
  const workspacesPrefix = hasSaas(settings) ? saasPrefix : undefined;
  const routers = createAuditRouter({ db, prefix: `/admin${auditPath}`, workspacesPrefix });
  return { mount: (routes, prefix) => routes.mount(routers, prefix) };
}
