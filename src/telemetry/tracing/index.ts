export {
  getTracedServiceName,
  KernelTracer,
  type TraceEvent,
  tracerService,
} from './kernel-tracer.js';
export { spanTracer } from './span-tracer.js';
export { parseTraceparent } from './trace-context.js';
export type { SpanEvent } from './trace-recording.js';
