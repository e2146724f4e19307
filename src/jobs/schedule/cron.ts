import { ValidationError } from '../../base/errors.js';

/** The next time after `after` that `cron` names, Unix ms; undefined when there is none. */
export async function nextTick(cron: string, timezone: string, after: number): Promise<number | undefined> {
  const { CronExpressionParser } = await import('cron-parser'); // loaded by those who have schedules
  const times = CronExpressionParser.parse(cron, { currentDate: new Date(after), tz: timezone });
  return times.hasNext() ? times.next().getTime() : undefined;
}

/**
 * The first time of a schedule.
 * @throws ValidationError for what is no cron expression or no time zone, and for one whose time never comes.
 */
export async function firstTick(cron: string, timezone: string, after: number): Promise<number> {
  if (!isTimezone(timezone)) throw fault('timezone', `"${timezone}" is no time zone; write one such as Europe/Berlin`);
  try {
    const tick = await nextTick(cron, timezone, after);
    if (tick !== undefined) return tick;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fault('cron', `"${cron}" is no cron expression (${reason}); write one such as "0 9 * * mon-fri"`, cause);
  }
  throw fault('cron', `"${cron}" names a time that never comes`);
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function fault(option: string, msg: string, cause?: unknown): ValidationError {
  return new ValidationError([{ loc: ['options', option], msg, type: 'job_option' }], undefined, { cause });
}
