/**
 * Workers that hold nothing and found nothing to do. A job that comes while one stands by is put into that worker's
 * list at once, and the message that tells it carries the job: it begins after one way to Redis and one from there, where
 * to be woken and to ask takes three ways. The number of the offer lets a message count once, and only while nothing else
 * has passed between the worker and Redis: whatever else became of the job, the worker's next step learns of it, because
 * the server says how many claims it holds.
 *
 * Keys: idle (workers by the number of their offer), workers, p:<worker>; channels give:<worker>.
 */
const IDLE = `
local idle = base .. ':idle'
local function channelOf(worker) return base .. ':give:' .. worker end
`;

/** `standBy(worker, offer)`, `standDown(worker)`. */
export const STAND_BY = `${IDLE}
local function standBy(worker, offer) redis.call('ZADD', idle, offer, worker) end
local function standDown(worker) redis.call('ZREM', idle, worker) end
`;

/**
 * `handOver(entry, envelope)` gives a new job to a worker that stands by and listens, and says whether there was one. None
 * goes past jobs that wait. A worker that died or froze is passed over once its connection or its lease has ended.
 */
export const HAND_OVER = `${IDLE}
local mayHandOver = nil
local function handOver(entry, envelope)
  if mayHandOver == nil then
    mayHandOver = redis.call('EXISTS', idle) == 1 and redis.call('HEXISTS', base .. ':f', 'paused') == 0
  end
  if not mayHandOver or redis.call('EXISTS', waiting(entry)) == 1 then return false end
  while true do
    local worker, offer = unpack(redis.call('ZPOPMIN', idle))
    if not worker then
      mayHandOver = false
      return false
    end
    local leaseEnd = redis.call('ZSCORE', base .. ':workers', worker)
    if type(leaseEnd) == 'string' and tonumber(leaseEnd) > now then
      local claim = stamp .. ':' .. entry
      local message = text(tonumber(offer)) .. ' ' .. claim .. '\\n' .. envelope
      if redis.call('PUBLISH', channelOf(worker), message) > 0 then
        redis.call('RPUSH', base .. ':p:' .. worker, claim)
        return true
      end
    end
  end
end
`;

/** A job that was handed over. */
export interface HandedOver {
  /** The number of the offer that it answers. */
  offer: number;
  claim: string;
  envelope: string;
}

export function readHandedOver(message: string): HandedOver {
  const space = message.indexOf(' ');
  const line = message.indexOf('\n');
  return {
    offer: Number(message.slice(0, space)),
    claim: message.slice(space + 1, line),
    envelope: message.slice(line + 1),
  };
}
