export {
  type AuditLog,
  type AuditLogOptions,
  auditService,
  getAudit,
  getAuditLogs,
  getEntityAuditHistory,
} from './accessors.js';
export { AuditLogger, type NewAuditEntry } from './audit-logger.js';
export { trimChain } from './chain/trim-chain.js';
export { type ChainFault, type ChainReport, verifyChain } from './chain/verify-chain.js';
export { KernelAuditLog, KernelAuditState } from './entities.js';
export type { AuditEvent, AuditOrigin, AuditStatus } from './events.js';
export type { AuditRecordView } from './read/views.js';
export { AuditStore } from './record/audit-store.js';
export { claimFault, claimLog } from './record/claim-log.js';
export { AuditReconciler, type GapSink } from './record/reconciler.js';
export { type AuditRouterOptions, createAuditRouter } from './routes.js';
