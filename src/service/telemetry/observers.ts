import type { Services } from '../../base/services.js';
import { meterRequests, usageService } from '../../features/metering/index.js';
import { recordRequests, requestSinkService } from '../../features/request-metrics/index.js';
import { type HttpMiddleware, traceRequests } from '../../http/index.js';
import { KernelTracer, tracerService } from '../../telemetry/index.js';
import type { KernelSettings } from '../settings/settings.js';

/** The stages of the pipeline that watch what goes by. */
export interface Observers {
  tracing: HttpMiddleware | undefined;
  requestMetrics: HttpMiddleware | undefined;
  metering: HttpMiddleware | undefined;
}

/** Begins the traces of a kernel, where they are wanted: before its engines are open, which tell of their statements. */
export function openTracer({ observability, tracing }: KernelSettings, services: Services): void {
  if (tracing.enabled) services.provide(tracerService, new KernelTracer(observability.serviceName, tracing));
}

/** @param trustProxy with a proxy that is trusted, its headers say where clients are */
export function openObservers(settings: KernelSettings, services: Services, trustProxy = 0): Observers {
  const { observability, tracing } = settings;
  const { requestMetricsEnabled, requestMetricsExcludePaths: excludePaths, sensitiveParams } = observability;
  const tracer = services.get(tracerService);
  const sink = requestMetricsEnabled ? services.get(requestSinkService) : undefined;
  const meter = observability.meteringEnabled ? services.get(usageService) : undefined;
  const trustGeo = trustProxy > 0;
  return {
    tracing: tracer && traceRequests({ tracer, excludePaths: tracing.excludePaths }),
    requestMetrics: sink && recordRequests({ sink, excludePaths, sensitiveParams, trustGeo }),
    metering: meter && meterRequests(meter),
  };
}
