import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, ForbiddenError, type TypedRouter, type UserIdentity } from '../../http/index.js';
import type { Job, JobQueue } from '../../jobs/index.js';

export interface JobsRouterOptions {
  queue: Pick<JobQueue, 'get' | 'list' | 'cancel' | 'retry' | 'deadLetters' | 'stats'>;
  /** Default `/jobs`. */
  prefix?: string;
}

const Status = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']);
const Time = z.string().meta({ format: 'date-time' }).nullable();
const Limit = z.coerce.number().int().min(1).max(200).default(50);
const Offset = z.coerce.number().int().min(0).max(1000).default(0);
const JobId = z.object({ job_id: z.string().min(1).max(300) });

const Summary = z.object({
  job_id: z.string(),
  task: z.string(),
  status: Status,
  user_id: z.string().nullable(),
  created_at: Time,
  started_at: Time,
  completed_at: Time,
  error: z.string().nullable(),
});
const Detail = Summary.extend({
  result: z.unknown(),
  attempts: z.number().int().describe('Runs so far, the one under way included.'),
  progress: z.number().nullable(),
});
const JobList = z.object({ jobs: z.array(Summary), total: z.number().int() });
const Cancelled = z.object({ job_id: z.string(), cancelled: z.boolean(), reason: z.string().optional() });

const ListQuery = z.object({
  status: Status.optional(),
  task: z.string().optional(),
  user_id: z.string().optional(),
  limit: Limit,
  offset: Offset,
});

/** Jobs for whom they run: users see and cancel their own, admins everybody's. Also an admin's view of the dead letters. */
export function createJobsRouter({ queue, prefix = '/jobs' }: JobsRouterOptions): TypedRouter {
  const router = createRouter({ tags: ['jobs'] });

  /** What somebody may not see does not exist for them. */
  async function visibleJob(jobId: string, user: UserIdentity): Promise<Job> {
    const job = await queue.get(jobId);
    if (job && (user.isAdmin || job.userId === user.id)) return job;
    throw new NotFoundError(`Job not found: ${jobId}`);
  }

  router.get(
    prefix as '/jobs',
    { auth: 'user', query: ListQuery, response: JobList, summary: 'List jobs' },
    async ({ query, user }) => {
      const { status, task, user_id: asked, limit, offset } = query;
      if (!user.isAdmin && asked !== undefined && asked !== user.id) throw new ForbiddenError('Admin access required');
      const userId = user.isAdmin ? asked : user.id;
      const { jobs, total } = await queue.list({ status, task, userId, limit, offset });
      return { jobs: jobs.map(summaryOf), total };
    },
  );

  router.get(
    `${prefix}/:job_id` as '/jobs/:job_id',
    { auth: 'user', params: JobId, response: Detail, summary: 'Get a job' },
    async ({ params, user }) => detailOf(await visibleJob(params.job_id, user)),
  );

  router.post(
    `${prefix}/:job_id/cancel` as '/jobs/:job_id/cancel',
    { auth: 'user', params: JobId, response: Cancelled, summary: 'Cancel a job' },
    async ({ params, user }) => {
      await visibleJob(params.job_id, user);
      const { jobId, cancelled } = await queue.cancel(params.job_id);
      if (cancelled) return { job_id: jobId, cancelled };
      const { status } = await visibleJob(jobId, user);
      return { job_id: jobId, cancelled, reason: `Job already ${status}` };
    },
  );

  router.get(
    `/admin${prefix}/dead` as '/admin/jobs/dead',
    {
      auth: 'admin',
      query: z.object({ limit: Limit, offset: Offset }),
      response: z.object({ jobs: z.array(Detail), total: z.number().int() }),
      summary: 'List the jobs that failed for good',
    },
    async ({ query }) => {
      const [jobs, { dead }] = await Promise.all([queue.deadLetters(query), queue.stats()]);
      return { jobs: jobs.map(detailOf), total: dead };
    },
  );

  router.post(
    `/admin${prefix}/dead/:job_id/retry` as '/admin/jobs/dead/:job_id/retry',
    {
      auth: 'admin',
      params: JobId,
      response: z.object({ job_id: z.string(), status: z.literal('queued') }),
      summary: 'Give a dead job a fresh start',
    },
    async ({ params }) => {
      await queue.retry(params.job_id);
      return { job_id: params.job_id, status: 'queued' as const };
    },
  );
  return router;
}

function summaryOf(job: Job): z.infer<typeof Summary> {
  return {
    job_id: job.jobId,
    task: job.taskName,
    status: job.status,
    user_id: job.userId,
    created_at: job.enqueuedAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    completed_at: job.completedAt?.toISOString() ?? null,
    error: job.error,
  };
}

function detailOf(job: Job): z.infer<typeof Detail> {
  return { ...summaryOf(job), result: job.result, attempts: job.attempts, progress: job.progress };
}
