import { type Clock, systemClock } from '../../base/clock.js';
import { ValidationError, type ValidationIssue } from '../../base/errors.js';
import { type DatabaseHandle, databaseFor, type SessionHandle } from '../../orm/index.js';
import { FeatureFlag, type FlagStickiness, type FlagVariant } from './entities.js';
import { evaluate, type FlagContext, type FlagEvaluation } from './evaluate.js';
import { type FlagVersion, versionsOfName } from './flag-history.js';

/** What a flag is set to; whatever is left out goes back to its default. */
export interface FlagSettings {
  description?: string | null;
  /** Default true. */
  enabled?: boolean;
  /** Share of callers that get it, 0 to 100; what is beyond counts as the end. Default 100. */
  rolloutPercent?: number;
  /** Workspaces that always get it. */
  workspaces?: readonly string[];
  /** Users who always get it. */
  users?: readonly string[];
  variants?: readonly FlagVariant[];
  /** Default `user`. */
  stickiness?: FlagStickiness;
  startsAt?: Date | null;
  endsAt?: Date | null;
  metadata?: Readonly<Record<string, unknown>>;
  /** Why, for the history. */
  comment?: string;
}

/** How old the flags may be that a process answers from. Below one second, so that a change elsewhere counts within one. */
const CACHE_MS = 750;
const STICKINESS: readonly FlagStickiness[] = ['user', 'workspace', 'anonymous'];

/** The flags in `kernel_feature_flags` of `db`, else of the ambient or the newest open database. */
export class FlagStore {
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;
  #cached: { readAt: number; flags: Promise<Map<string, FeatureFlag>> } | undefined;

  constructor({ db, clock = systemClock }: { db?: SessionHandle; clock?: Clock } = {}) {
    this.#on = db ? { db } : {};
    this.#clock = clock;
  }

  /**
   * Makes the flag, or sets the one of that name anew.
   * @returns the flag, and whether it is a new one. @throws ValidationError naming what makes no sense
   */
  async set(name: string, settings: FlagSettings = {}): Promise<{ flag: FeatureFlag; isNew: boolean }> {
    assertSensible(name, settings);
    const { workspaces = [], users = [], variants = [], comment, rolloutPercent = 100, ...rest } = settings;
    const row = {
      name,
      description: rest.description ?? null,
      enabled: rest.enabled ?? true,
      rolloutPercent: Math.round(Math.min(100, Math.max(0, rolloutPercent))),
      allowedWorkspaces: [...workspaces],
      allowedUsers: [...users],
      variants: [...variants],
      stickiness: rest.stickiness ?? 'user',
      startsAt: rest.startsAt ?? null,
      endsAt: rest.endsAt ?? null,
      metadata: { ...rest.metadata },
    };
    const flag = await FeatureFlag.save(row, { matchBy: 'name', comment, ...this.#on });
    this.#forget();
    return { flag, isNew: flag.version === 1 };
  }

  async list(): Promise<FeatureFlag[]> {
    return FeatureFlag.find({ orderBy: { name: 'asc' }, ...this.#on });
  }

  async get(name: string): Promise<FeatureFlag | null> {
    return FeatureFlag.findOne({ where: { name }, ...this.#on });
  }

  /** False when there was none. Its history stays. */
  async delete(name: string): Promise<boolean> {
    const deleted = await FeatureFlag.deleteMany({ name }, this.#on);
    this.#forget();
    return deleted > 0;
  }

  /** Every version of what had this name, newest first: who set it to what, and when, and who deleted it. */
  history(name: string): Promise<FlagVersion[]> {
    return versionsOfName(this.#db(), name);
  }

  /** What `context` gets. @param at a moment in the past: what it got then, by the flag as it was */
  async evaluate(name: string, context: FlagContext = {}, at?: Date): Promise<FlagEvaluation> {
    if (at) return evaluate(await FeatureFlag.asOf(at).findOne({ where: { name }, ...this.#on }), context, at);
    const now = new Date(this.#clock.now());
    // What a transaction sees is its own: kept for all, it would outlive a rollback, or be as old as the transaction.
    if (this.#db().isInContext) return evaluate(await this.get(name), context, now);
    return evaluate((await this.#flags()).get(name) ?? null, context, now);
  }

  #db(): DatabaseHandle {
    return databaseFor(FeatureFlag, this.#on);
  }

  /** Once it is committed: until then others read what was there before. */
  #forget(): void {
    this.#db().afterCommit(() => {
      this.#cached = undefined;
    });
  }

  /** One read for everybody who asks meanwhile; its age counts from before the read. */
  #flags(): Promise<Map<string, FeatureFlag>> {
    const now = this.#clock.now();
    if (this.#cached && Math.abs(now - this.#cached.readAt) < CACHE_MS) return this.#cached.flags;
    const entry = { readAt: now, flags: this.list().then((flags) => new Map(flags.map((flag) => [flag.name, flag]))) };
    this.#cached = entry;
    entry.flags.catch(() => {
      if (this.#cached === entry) this.#cached = undefined; // an outage is not remembered
    });
    return entry.flags;
  }
}

function assertSensible(
  name: string,
  { variants = [], stickiness, startsAt, endsAt, rolloutPercent }: FlagSettings,
): void {
  const issues: ValidationIssue[] = [];
  const refuse = (field: string, msg: string): void => void issues.push({ loc: ['body', field], msg, type: 'flag' });
  if (!/^(?!\.{1,2}$)[\w.-]{1,100}$/.test(name))
    refuse('name', 'Write 1 to 100 letters, digits, "_", "-" or ".", and not just dots');
  if (rolloutPercent !== undefined && !Number.isFinite(rolloutPercent)) refuse('rollout_percent', 'Give a number');
  if (stickiness !== undefined && !STICKINESS.includes(stickiness))
    refuse('stickiness', `Choose one of ${STICKINESS.join(', ')}`);
  if (variants.some(({ weight }) => !Number.isInteger(weight) || weight < 0))
    refuse('variants', 'Give each variant a weight: a whole number, 0 or more');
  if (new Set(variants.map((variant) => variant.name)).size < variants.length)
    refuse('variants', 'Give each variant a name of its own');
  if (startsAt && endsAt && startsAt >= endsAt) refuse('ends_at', 'A flag ends after it starts');
  if (issues.length > 0) throw new ValidationError(issues);
}
