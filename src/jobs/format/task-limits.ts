/** What a task's jobs may do together, over all workers. 0 is no limit. */
export interface TaskLimits {
  /** Jobs that run at once. */
  concurrency: number;
  /** Runs that begin within `perMs`. */
  max: number;
  perMs: number;
}

/** The script finds a task's name in the stored job by its letters: there must be none that JSON writes otherwise. */
export const LIMITABLE_TASK = /^[\w.:/-]{1,100}$/;

/** The limits as scripts read them. */
export function formatLimits(limits: ReadonlyMap<string, TaskLimits>): string {
  return [...limits].map(([task, { concurrency, max, perMs }]) => `${task} ${concurrency} ${max} ${perMs}`).join('\n');
}

/**
 * Where limited tasks keep what: `on` the ids of their jobs that run, `rate` the times at which runs began, `park` the
 * entries that wait until they may, in line by priority, and `parked` the names of the tasks that have such entries.
 */
export const TASK_LIMIT_KEYS = `
local parked = base .. ':parked'
local function taskOf(envelope) return string.match(envelope, '^%d+%a{"t":"([^"\\\\]*)"') end
local function on(task) return base .. ':on:' .. task end
local function park(letter, task) return base .. ':park:' .. letter .. ':' .. task end
`;

/** Entries that were parked, back to the head of their list in their order: `unpark(task, most)` answers how many. */
export const UNPARK_ENTRIES = `
local function unpark(task, most)
  local moved = 0
  for _, letter in ipairs({'h', 'n', 'l'}) do
    if moved < most then
      local entries = redis.call('LPOP', park(letter, task), most - moved)
      if entries and #entries > 0 then
        for i = #entries, 1, -1 do redis.call('LPUSH', waiting(entries[i]), entries[i]) end
        moved = moved + #entries
      end
    end
  end
  if moved < most then redis.call('SREM', parked, task) end
  return moved
end
`;
