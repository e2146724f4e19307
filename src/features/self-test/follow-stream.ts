import { readSse } from '../../http/index.js';
import type { TaskStream } from '../tasks/index.js';

/** The task that runs the tests: when it is cancelled, what the client waits for is cancelled as well. */
export type OuterTask = Pick<TaskStream, 'signal' | 'cancelTokens'>;

/** How a stream ended: what its `complete` event said, and the last event of each other name. */
export interface StreamOutcome {
  success: boolean;
  error?: string | null;
  /** The messages of its `log` events. */
  _logs: string[];
  /** The task behind the stream, once it has said its id. */
  _inner_task_id?: string;
  [event: string]: unknown;
}

export interface FollowOptions {
  outerTask: OuterTask | undefined;
  cancelTask(taskId: string): Promise<unknown>;
  /** Cuts the connection. */
  end(): void;
}

/** How long a cancelled task may take to clear up, before its stream is left. */
const CLEANUP_MS = 60_000;

/**
 * Reads the events of a task to the last one. A cancellation of the outer task is passed on to it, and what it then
 * says is still read: the outer task ends after it has cleared up.
 */
export async function followStream(
  response: Response,
  { outerTask, cancelTask, end }: FollowOptions,
): Promise<StreamOutcome> {
  const outcome: StreamOutcome = { success: false, error: 'The stream ended without a complete event', _logs: [] };
  let limit: NodeJS.Timeout | undefined;
  let passedOn = false;
  const passOn = (): void => {
    const taskId = outcome._inner_task_id;
    if (passedOn || !outerTask?.signal.aborted) return;
    limit ??= setTimeout(end, CLEANUP_MS);
    if (taskId === undefined) return; // its id is among the next events
    passedOn = true;
    void cancelTask(taskId).catch(() => {}); // it has ended by itself then
  };
  outerTask?.signal.addEventListener('abort', passOn);
  try {
    if (!response.body) return outcome;
    for await (const { event, data } of readSse(response.body)) {
      note(outcome, event, parsed(data));
      passOn();
    }
    return outcome;
  } catch (error) {
    if (!outerTask?.signal.aborted) throw error;
    return outcome;
  } finally {
    clearTimeout(limit);
    outerTask?.signal.removeEventListener('abort', passOn);
  }
}

function note(outcome: StreamOutcome, event: string, data: unknown): void {
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  if (event === 'log') outcome._logs.push(String(fields.message ?? data));
  else if (event === 'task_id') outcome._inner_task_id = String(fields.task_id);
  else if (event === 'complete') {
    const { type: _, ...said } = fields;
    Object.assign(outcome, { error: null }, said, { success: fields.success === true });
  } else outcome[event] = data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
