import type { PriorityLetter } from './entry.js';

/** Where a queue keeps what, in Redis. All of it shares one hash tag, so that one cluster slot holds a queue. */
export interface QueueKeys {
  /** What scripts get as their only key; they derive the others from it. */
  base: string;
  /** Waiting entries of one priority, a list. */
  waiting(priority: PriorityLetter): string;
  /** Entries that wait for their time, by due time. */
  delayed: string;
  /** Live workers by the end of their lease. */
  workers: string;
  /** Workers that stand by, by the number of their offer. */
  idle: string;
  /** Claims of one worker, a list. */
  processing(workerId: string): string;
  /** What each live job is: envelopes by id, a hash. One key for all takes a fifth less memory than one for each. */
  jobs: string;
  /** What changes while a job lives: progress, logs, last fault, its entry once it is not the first one. A hash. */
  live(id: string): string;
  /** Records of succeeded and cancelled jobs by id, a hash. */
  results: string;
  /** Record of a dead job; expires. */
  dead(id: string): string;
  /** Succeeded and cancelled jobs, as `<until when the record is kept, Unix ms>:<id>`, in order of their end, a bounded list. */
  finished: string;
  /** Ids of dead jobs by time of death, bounded. */
  graveyard: string;
  /** Totals since the queue began, a hash. */
  totals: string;
  /** `paused` and `listen` (until when somebody listens to events), a hash. */
  flags: string;
  /** Names of the tasks that workers offer, by when they last said so. */
  tasks: string;
  /** Tasks of which jobs wait because of a limit, a set. */
  parked: string;
  /** Entries of a limited task that wait until they may start, a list for each priority. */
  park(priority: PriorityLetter, task: string): string;
  /** Schedules by id, a hash. */
  schedules: string;
  /** Ids of schedules by their next time. */
  ticks: string;
  /** Pub/Sub: work has come. */
  wakeChannel: string;
  /** Pub/Sub: jobs that are handed over to one worker. */
  giveChannel(workerId: string): string;
  /** Pub/Sub: id of a running job to cancel. */
  cancelChannel: string;
  /** Pub/Sub: lines of `<event> <id>`. */
  eventChannel: string;
}

export function queueKeys(prefix: string, queueName: string): QueueKeys {
  const base = `${prefix}{${queueName}}`;
  return {
    base,
    waiting: (priority) => `${base}:w:${priority}`,
    delayed: `${base}:z`,
    workers: `${base}:workers`,
    idle: `${base}:idle`,
    processing: (workerId) => `${base}:p:${workerId}`,
    jobs: `${base}:j`,
    live: (id) => `${base}:h:${id}`,
    results: `${base}:r`,
    dead: (id) => `${base}:d:${id}`,
    finished: `${base}:done`,
    graveyard: `${base}:x`,
    totals: `${base}:s`,
    flags: `${base}:f`,
    tasks: `${base}:tasks`,
    parked: `${base}:parked`,
    park: (priority, task) => `${base}:park:${priority}:${task}`,
    schedules: `${base}:cron`,
    ticks: `${base}:ticks`,
    wakeChannel: `${base}:wake`,
    giveChannel: (workerId) => `${base}:give:${workerId}`,
    cancelChannel: `${base}:cancel`,
    eventChannel: `${base}:events`,
  };
}
