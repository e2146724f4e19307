import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError } from '../../base/errors.js';
import type { DatabaseHandle, Filter, SessionHandle } from '../../orm/index.js';
import { ActionReplay, type ReplayStep } from './entities.js';
import { fingerprintOf } from './fingerprint.js';
import { maskSteps, maskText, maskUrl } from './mask-steps.js';

/** What came before an error. Texts are cut to their length; secrets in them are not kept. */
export interface NewReplay {
  errorMessage?: string | null;
  errorSource?: string | null;
  url?: string | null;
  userAgent?: string | null;
  /** An array of steps, or its JSON; of more than 50 the last are kept. */
  replayLog?: string | readonly ReplayStep[] | null;
  userId?: string | null;
  workspaceId?: string | null;
}

export interface ReplayFilter {
  workspaceId?: string;
  resolved?: boolean;
  /** From this moment on. */
  since?: Date;
  /** Before this moment. */
  until?: Date;
  fingerprint?: string;
}

export interface ReplayPage extends ReplayFilter {
  /** Default 50. */
  limit?: number;
  offset?: number;
}

const SUMMARY = [
  'id',
  'workspaceId',
  'userId',
  'errorMessage',
  'errorSource',
  'url',
  'userAgent',
  'fingerprint',
  'resolved',
  'timestamp',
] as const;

/** A replay without its steps. */
export type ReplaySummary = Pick<ActionReplay, (typeof SUMMARY)[number]>;

/** Replays of what seems to be one error. */
export interface ReplayGroup {
  fingerprint: string;
  count: number;
  /** How many users it met, those who were signed in. */
  users: number;
  firstSeen: Date;
  lastSeen: Date;
  latest: ReplaySummary;
}

interface GroupRow {
  fingerprint: string;
  replays: number | string;
  users: number | string;
  first_id: string;
  last_id: string;
}

const DAY_MS = 86_400_000;
const ROWS_PER_DELETE = 1_000;

/** The replays in `kernel_action_replays` of `db`, else of the ambient or the newest open database. */
export class ReplayStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;

  constructor({ db, clock = systemClock }: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = db ? { db } : {};
    this.#clock = clock;
  }

  /** @returns its id @throws ValidationError for a log that is no array of steps */
  async save(replay: NewReplay): Promise<string> {
    const errorSource = maskText(replay.errorSource ?? '', 50);
    const errorMessage = maskText(replay.errorMessage ?? '', 500);
    const replayLog = maskSteps(replay.replayLog);
    const { id } = await ActionReplay.save(
      {
        workspaceId: replay.workspaceId ?? null,
        userId: replay.userId ?? null,
        errorMessage,
        errorSource,
        url: maskUrl(replay.url ?? '', 500),
        userAgent: maskText(replay.userAgent ?? '', 300),
        replayLog,
        fingerprint: fingerprintOf({ errorSource, errorMessage, replayLog }),
        resolved: false,
        timestamp: new Date(this.#clock.now()),
      },
      this.#on,
    );
    return id;
  }

  /** Newest first, without their steps. */
  async list({ limit = 50, offset = 0, ...filter }: ReplayPage = {}): Promise<ReplaySummary[]> {
    const where = conditionOf(filter);
    const orderBy = { timestamp: 'desc', id: 'desc' } as const;
    return ActionReplay.find({ where, orderBy, limit, offset, select: SUMMARY, ...this.#on });
  }

  async count(filter: ReplayFilter = {}): Promise<number> {
    return ActionReplay.count({ where: conditionOf(filter), ...this.#on });
  }

  async get(id: string): Promise<ActionReplay | null> {
    return ActionReplay.get(id, this.#on);
  }

  /** With `alike` all of its group as well. False when there is none of that id. */
  async resolve(id: string, { alike = false } = {}): Promise<boolean> {
    const replay = await ActionReplay.update(id, { resolved: true }, this.#on);
    if (!replay) return false;
    if (alike) {
      const open = { fingerprint: replay.fingerprint, resolved: false };
      await ActionReplay.updateMany(open, { resolved: true }, this.#on);
    }
    return true;
  }

  /** The errors that are not resolved, or that are, the one met last first. Ids are in the order of time. */
  async groups(db: DatabaseHandle, { resolved = false, limit = 50, offset = 0 } = {}): Promise<ReplayGroup[]> {
    const rows = await db.query<GroupRow>(
      `SELECT fingerprint, COUNT(*) AS replays, COUNT(DISTINCT user_id) AS users, MIN(id) AS first_id, MAX(id) AS last_id
       FROM kernel_action_replays WHERE resolved = ? AND deleted_at IS NULL
       GROUP BY fingerprint ORDER BY MAX(id) DESC LIMIT ? OFFSET ?`,
      [resolved, limit, offset],
    );
    const ids = rows.flatMap(({ first_id, last_id }) => [first_id, last_id]);
    const found = await ActionReplay.find({ where: { id: { in: ids } }, select: SUMMARY, ...this.#on });
    const byId = new Map(found.map((replay) => [replay.id, replay]));
    return rows.flatMap((row) => {
      const [first, latest] = [byId.get(row.first_id), byId.get(row.last_id)];
      if (!first || !latest) return []; // removed meanwhile
      const { fingerprint, replays, users } = row;
      const seen = { firstSeen: first.timestamp, lastSeen: latest.timestamp };
      return [{ fingerprint, count: Number(replays), users: Number(users), ...seen, latest }];
    });
  }

  /** Removes what is older, a thousand at a time. @returns how many there were */
  async cleanupOld(days: number): Promise<number> {
    if (!(days >= 0)) throw new KernelError('E_CLEANUP', `days: ${days} is no number of 0 or more`);
    const timestamp = { lt: new Date(this.#clock.now() - days * DAY_MS) };
    for (let removed = 0; ; ) {
      const old = await ActionReplay.find({
        where: { timestamp },
        select: ['id'],
        limit: ROWS_PER_DELETE,
        ...this.#on,
      });
      if (old.length === 0) return removed;
      removed += await ActionReplay.deleteMany({ id: { in: old.map(({ id }) => id) } }, this.#on);
    }
  }
}

function conditionOf({ since, until, ...equal }: ReplayFilter): Filter<ActionReplay> {
  const given = Object.entries(equal).filter(([, value]) => value !== undefined);
  const time = { ...(since && { gte: since }), ...(until && { lt: until }) };
  return { ...Object.fromEntries(given), ...((since || until) && { timestamp: time }) };
}
