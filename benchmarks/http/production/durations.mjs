import { Histogram, Registry } from 'prom-client';
import { BUCKETS } from '../workload.mjs';

/** How long requests take, by method, route and status. */
export function durations() {
  const labelNames = ['method', 'route', 'status'];
  const options = { name: 'http_request_duration_seconds', help: 'Duration', labelNames, buckets: BUCKETS };
  return new Histogram({ ...options, registers: [new Registry()] });
}
