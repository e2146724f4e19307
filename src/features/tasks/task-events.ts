import { sseEvent } from '../../http/index.js';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'success';

/** The first event of a task: what to name when it is to be cancelled. */
export function sseTaskId(taskId: string): string {
  return sseEvent('task_id', { task_id: taskId });
}

export function sseLog(message: string, level: LogLevel | string = 'info'): string {
  return sseEvent('log', { message, level });
}

/** The last event of a task. `extra` stands beside its fields. */
export function sseComplete(
  success: boolean,
  taskId: string,
  { error = null, ...extra }: { error?: string | null } & Record<string, unknown> = {},
): string {
  return sseEvent('complete', { success, task_id: taskId, error: error || null, ...extra });
}

/** Where what was deployed can be reached. */
export function sseUrls(endpoints: readonly unknown[], domain?: string): string {
  return sseEvent('urls', { endpoints, ...(domain ? { domain, url: `https://${domain}` } : {}) });
}
