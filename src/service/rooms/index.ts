import { openActionReplay } from './action-replay.js';
import { openAuditRoom } from './audit.js';
import { openBilling } from './billing.js';
import { openDatabaseRoom } from './database.js';
import { openFlags } from './flags.js';
import { openJobs } from './jobs.js';
import { openMetering } from './metering.js';
import { openRequestMetrics } from './request-metrics.js';
import type { OpenRoom, Room, RoomOptions } from './room.js';
import { openSelfTests } from './self-test.js';
import { openTasks } from './tasks.js';
import { openTracing } from './tracing.js';
import { openWebhooks } from './webhooks.js';

export type { Room } from './room.js';

/** The capabilities of a kernel, opened in this order. */
const ROOMS: readonly OpenRoom[] = [
  openTasks,
  openFlags,
  openBilling,
  openJobs,
  openWebhooks,
  openDatabaseRoom,
  openAuditRoom,
  openSelfTests,
  openActionReplay,
  openRequestMetrics,
  openMetering,
  openTracing,
];

/** Those that are switched on. */
export function openRooms(options: RoomOptions): Room[] {
  return ROOMS.map((open) => open(options)).filter((room) => room !== undefined);
}
