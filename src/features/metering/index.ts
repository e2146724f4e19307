export { UsageEvent, type UsageMetrics, UsageSummary } from './entities.js';
export {
  checkQuota,
  consumeQuota,
  getQuotaRemaining,
  getUsage,
  getUsageByEndpoint,
  meterRequests,
  trackUsage,
  usageService,
} from './metering.js';
export type { UsagePeriod } from './periods.js';
export { createAdminMeteringRouter, createMeteringRouter, type MeteringRouterOptions } from './routes.js';
export { trimDays, trimMonthsAndYears } from './trim-summaries.js';
export type { TrackedUsage, UsageRecord } from './usage-event.js';
export { type QuotaConsumption, type QuotaQuery, type UsageQuery, UsageStore } from './usage-store.js';
