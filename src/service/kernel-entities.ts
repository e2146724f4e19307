import { KernelAuthSession, KernelAuthUser } from '../features/auth/index.js';
import { KernelJobOutbox } from '../features/jobs/index.js';
import { declaredEntities, type EntityTarget } from '../orm/index.js';
import type { KernelParts } from './kernel-parts.js';
import type { KernelSettings } from './settings/settings.js';

const KERNEL_ENTITIES: ReadonlySet<EntityTarget> = new Set([KernelAuthUser, KernelAuthSession, KernelJobOutbox]);

/** The tables of a kernel: those of the rooms that are switched on, and the service's own. */
export function entitiesOf(settings: KernelSettings, parts: KernelParts): EntityTarget[] {
  const own = parts.entities ?? declaredEntities();
  const kernels: EntityTarget[] = [];
  if (!parts.userStore) kernels.push(KernelAuthUser);
  if (settings.auth.enabled) kernels.push(KernelAuthSession);
  if (settings.jobs.outbox) kernels.push(KernelJobOutbox);
  return [...kernels, ...own.filter((entity) => !KERNEL_ENTITIES.has(entity))];
}
