export { TraceSpan } from './entities.js';
export { createTracingRouter } from './routes.js';
export { TraceStore } from './trace-store.js';
