import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { sleep } from '../../base/sleep.js';
import {
  BadRequestError,
  createRouter,
  type HttpContext,
  sse,
  type TypedRouter,
  type UserIdentity,
} from '../../http/index.js';
import type { TaskRegistry } from './task-registry.js';
import type { StoredTask } from './task-store.js';

const TaskId = z.object({ task_id: z.string().min(1).max(200) });
const Cancelling = z.object({ status: z.literal('cancelling'), task_id: z.string() });
const Status = z.object({
  task_id: z.string(),
  active: z.boolean(),
  cancelled: z.boolean(),
  state: z.enum(['running', 'completed', 'failed', 'cancelled', 'unknown']),
});
const UNKNOWN = { active: false, cancelled: false, state: 'unknown' as const };
const FOLLOW_MS = 200;

/** Cancel, look at and follow long operations, from any instance: for who started them, and for admins. */
export function createTasksRouter(registry: TaskRegistry): TypedRouter {
  const { store } = registry;
  const router = createRouter({ prefix: '/tasks', tags: ['tasks'] });

  router.post(
    '/:task_id/cancel',
    { auth: 'user', params: TaskId, response: Cancelling, summary: 'Cancel a running task' },
    async ({ ctx, params, user }) => {
      const task = await store.find(params.task_id);
      if (task?.state !== 'running') throw new BadRequestError('Task is not currently running on this server');
      if (!isTheirs(task, user)) throw new NotFoundError('Task not found');
      await registry.cancel(params.task_id, tokensOf(ctx));
      return { status: 'cancelling' as const, task_id: params.task_id };
    },
  );

  router.get(
    '/:task_id/status',
    { auth: 'user', params: TaskId, response: Status, summary: 'Is the task running, was it cancelled?' },
    async ({ params, user }) => {
      const task = await store.find(params.task_id);
      if (!task || !isTheirs(task, user)) return { task_id: params.task_id, ...UNKNOWN };
      const { state, cancelled } = task;
      return { task_id: params.task_id, active: state === 'running', cancelled, state };
    },
  );

  // Nothing more to come is a 204: an EventSource, which comes back whenever a stream ends, then stays away.
  router.get(
    '/:task_id/events',
    {
      auth: 'user',
      params: TaskId,
      stream: true,
      summary: 'What the task has said since Last-Event-ID, and what it goes on to say; 204 once that was all',
    },
    async ({ ctx, params, user }) => {
      const task = await store.find(params.task_id);
      if (!task || !isTheirs(task, user)) throw new NotFoundError('Task not found');
      const last = numberOf(ctx.get('Last-Event-ID'));
      if (task.state !== 'running' && (await store.eventsAfter(params.task_id, last)).length === 0) return undefined;
      return sse((signal) => follow(registry, params.task_id, last, signal));
    },
  );
  return router;
}

async function* follow(
  registry: TaskRegistry,
  taskId: string,
  last: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { store } = registry;
  let seen = last;
  while (!signal.aborted) {
    const task = await store.find(taskId); // asked first: what it said before its end is then among the events
    for (const { number, text } of await store.eventsAfter(taskId, seen)) {
      seen = number;
      yield text;
    }
    if (task?.state !== 'running') return;
    await sleep(FOLLOW_MS, signal).catch(() => {}); // the client has left
  }
}

/** Events are numbered from 1; what is no number of ours begins at the first. */
function numberOf(lastEventId: string): number {
  return /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0;
}

function isTheirs({ owner }: StoredTask, user: UserIdentity): boolean {
  return user.isAdmin || (owner !== null && owner === user.id);
}

/** The headers `X-*-Token`, by lower-case name. */
function tokensOf(ctx: HttpContext): Record<string, string> {
  const found = Object.entries(ctx.headers).filter(([name]) => /^x-.+-token$/.test(name));
  return Object.fromEntries(found.map(([name, value]) => [name, String(value)]));
}
