import { createTracingRouter, TraceStore } from '../../features/tracing/index.js';
import type { Room, RoomOptions } from './room.js';

export function openTracing({ settings, engines: { telemetry: db } }: RoomOptions): Room | undefined {
  if (!db || !settings.auth.enabled) return undefined;
  const router = createTracingRouter({ store: new TraceStore({ db }) });
  return { mount: (routes, prefix) => routes.mount([router], prefix) };
}
