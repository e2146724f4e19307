import { z } from 'zod';
import { createRouter, type TypedRouter } from '../../http/index.js';

export interface RootInfoOptions {
  service: string;
  version: string;
  /** Paths as they are mounted; one that is not mounted is left out. */
  docs?: string;
  health?: string;
  ready?: string;
}

const RootInfo = z.object({
  service: z.string(),
  version: z.string(),
  docs: z.string().optional(),
  health: z.string().optional(),
  ready: z.string().optional(),
});

/** `GET /api`: what runs here, and where to look next. */
export function createRootInfoRouter(info: RootInfoOptions): TypedRouter {
  const router = createRouter({ tags: ['health'] });
  const { service, version, docs, health, ready } = info;
  router.get('/api', { summary: 'Service information', response: RootInfo }, async () => {
    return { service, version, docs, health, ready };
  });
  return router;
}
