import { setImmediate as nextTurn } from 'node:timers/promises';
import { backoffDelay, jittered } from '../../base/backoff.js';
import { BriskSet } from '../../base/brisk-set.js';
import type { Acknowledgement } from '../format/acknowledgement.js';
import { parseClaim } from '../format/entry.js';
import type { HandedOver } from '../format/idle-workers.js';
import { StandingOffer } from './standing-offer.js';
import { WakeLatch } from './wake-latch.js';
import type { WorkerReporter } from './worker-reporter.js';
import { readHeld, runStep, type StepReply, type StepWorker } from './worker-step.js';

/** What the loop works for. */
export interface StepOwner {
  /** Each turn begins with it; it may acknowledge. Answers in how many ms it must be asked again, if nothing happens. */
  onTurn(): number;
  /** How many jobs there is room for, and how many may be held at most. */
  room(): { free: number; mayHold: number };
  onClaimed(claim: string, envelope: string): void;
  /** The server gave it to another worker. */
  onLost(claim: string): void;
  /** A step that asked for jobs took `ms`, and brought all it asked for or not. */
  onStep(ms: number, broughtAll: boolean): void;
  /** Jobs run, and more of them may end in this turn. To do without a turn for each takes 7 % off one job after the other. */
  isRunning(): boolean;
  /** `true` once there is nothing to wait for but what the loop still has to say; `'now'` to leave even that. */
  isDone(): boolean | 'now';
}

const STEP_RETRY = { baseMs: 100, factor: 2, capMs: 1000, jitter: 0.3 };
/** Acknowledgements per step; the rest go with the next one. */
const ACK_CHUNK = 500;
/**
 * Steps under way at once. While Redis works on one, this process runs what the other one brought. Eight interleaved runs
 * against one step at a time, on a busy machine of two cores: at best 95k jobs/s for 81k, in the median 69k for 65k.
 */
const STEPS = 2;
/** A second step must be worth its cost: it carries at least this part of what may be held. */
const SHARE_OF_SECOND = 1 / 4;

/**
 * The one part of a worker that talks to Redis about jobs: each of its steps acknowledges what has finished and claims
 * what there is room for. What the server says it holds is compared with what is known here, so that an answer lost on the
 * way leaves no job behind.
 */
export class StepLoop {
  readonly #worker: StepWorker;
  readonly #owner: StepOwner;
  readonly #reporter: WorkerReporter;
  readonly #pollMs: number;
  readonly #latch = new WakeLatch();
  /** Claims that the server holds for us, as far as we know. */
  readonly #held = new BriskSet<string>();
  readonly #resent = new Set<string>();
  #acknowledgements: Acknowledgement[] = [];
  #underWay = 0;
  /** Jobs that the steps under way ask for. */
  #asked = 0;
  #failures = 0;
  /** After a failure, when to try again. */
  #notBefore = 0;
  /** When to look unasked. */
  #lookAt = 0;
  #isWoken = false;
  /** The last step brought all that it asked for. */
  #mayBeMore = false;
  /** An answer, or the lease, was lost: what the server holds may differ from what we think, if only in kind. */
  #isInDoubt = false;
  #clockOffsetMs = 0;
  readonly #offer = new StandingOffer();

  constructor(worker: StepWorker, owner: StepOwner, reporter: WorkerReporter, pollMs: number) {
    this.#worker = worker;
    this.#owner = owner;
    this.#reporter = reporter;
    this.#pollMs = pollMs;
  }

  /** Redis time, ms. */
  now(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  /** A step that asked for jobs has not been answered: what it brings comes behind what is held. */
  get isClaiming(): boolean {
    return this.#asked > 0;
  }

  holds(claim: string): boolean {
    return this.#held.has(claim);
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    this.#acknowledgements.push(acknowledgement);
    this.#latch.wake();
  }

  /**
   * A producer handed a job to this worker because it stood by. Where it does not any more, the server says with the next
   * step that it holds one claim more than we know of, or did so already.
   */
  give({ offer, claim, envelope }: HandedOver): void {
    if (!this.#offer.take(offer)) return;
    this.#clockOffsetMs = parseClaim(claim).claimedAtMs - Date.now();
    this.#held.add(claim);
    this.#owner.onClaimed(claim, envelope);
  }

  /** There may be work. */
  wake(): void {
    this.#isWoken = true;
    this.#latch.wake();
  }

  /** Something changed for the owner. */
  stir(): void {
    this.#latch.wake();
  }

  /** The lease was lost, or may have been. */
  doubt(): void {
    this.#isInDoubt = true;
    this.#latch.wake();
  }

  /** Resolves once the owner is done and all is said. */
  async run(): Promise<void> {
    while (!this.#isDone()) {
      const turnMs = this.#owner.onTurn();
      if (this.#mustReconcile()) {
        await this.#reconcile();
      } else if (this.#mustStep()) {
        void this.#step();
      } else {
        await this.#latch.wait(Math.max(0, Math.min(turnMs, this.#waitMs())));
        if (this.#owner.isRunning()) await nextTurn(); // what finishes in the same turn is acknowledged in the same step
      }
    }
  }

  #isDone(): boolean {
    const isDone = this.#owner.isDone();
    if (isDone === 'now') return true;
    if (!isDone || this.#underWay > 0 || this.#acknowledgements.length > 0 || this.#offer.mayStand) return false;
    return !this.#isInDoubt || this.#failures > 0; // what it holds unknowingly goes back, if the server can be asked
  }

  /** First it must be known what became of the acknowledgements that were sent before. */
  #mustReconcile(): boolean {
    return this.#isInDoubt && this.#underWay === 0 && this.#resent.size === 0 && performance.now() >= this.#notBefore;
  }

  #mustStep(): boolean {
    const now = performance.now();
    if (this.#underWay === STEPS || now < this.#notBefore) return false;
    if (this.#isInDoubt) return this.#underWay === 0;
    const { wanted, mayHold } = this.#wish();
    const amount = Math.max(this.#acknowledgements.length, this.#mayBeMore || this.#isWoken ? wanted : 0);
    if (this.#underWay > 0) return amount > 0 && amount >= mayHold * SHARE_OF_SECOND;
    return amount > 0 || this.#isWoken || now >= this.#lookAt || (this.#offer.mayStand && wanted === 0);
  }

  #wish(): { wanted: number; mayHold: number } {
    const { free, mayHold } = this.#owner.room();
    return { wanted: Math.max(0, Math.min(free - this.#asked, Math.ceil(mayHold / STEPS))), mayHold };
  }

  #waitMs(): number {
    if (this.#underWay > 0) return this.#pollMs; // its end wakes us
    return Math.max(this.#notBefore, this.#lookAt) - performance.now();
  }

  async #step(): Promise<void> {
    const acknowledgements = this.#acknowledgements.splice(0, ACK_CHUNK);
    const { wanted, mayHold } = this.#wish();
    const offered = this.#offer.next(wanted > 0 && this.#mayStandBy(acknowledgements.length));
    const began = performance.now();
    this.#underWay += 1;
    this.#asked += wanted;
    this.#isWoken = false;
    try {
      const reply = await runStep(this.#worker, { acknowledgements, wanted, mayHold, ...offered });
      this.#asked -= wanted;
      this.#failures = 0;
      if (wanted > 0) {
        this.#mayBeMore = reply.taken.length === 2 * wanted;
        this.#owner.onStep(performance.now() - began, this.#mayBeMore);
      }
      this.#settle(acknowledgements, reply);
      this.#offer.settle(offered, reply.taken.length === 0 && reply.held === 0);
    } catch (error) {
      this.#asked -= wanted;
      for (const { claim } of acknowledgements) this.#resent.add(claim);
      this.#acknowledgements.unshift(...acknowledgements);
      this.#failed(error);
    }
    this.#underWay -= 1;
    this.#latch.wake();
  }

  /** With the step that says how `ending` jobs ended, it holds none. */
  #mayStandBy(ending: number): boolean {
    const holdsNone = this.#underWay === 0 && this.#held.size === ending && this.#acknowledgements.length === 0;
    return holdsNone && !this.#isInDoubt && this.#worker.taskCount !== undefined;
  }

  #failed(error: unknown): void {
    this.#offer.close();
    if (this.#owner.isDone()) this.#offer.end(); // who leaves does not wait for a server that is away
    this.#failures += 1;
    this.#notBefore = performance.now() + backoffDelay(this.#failures, STEP_RETRY);
    this.#isInDoubt = true;
    this.#reporter.stepFailed(error);
  }

  #settle(
    acknowledgements: readonly Acknowledgement[],
    { stale, taken, held, nextDueMs, now, wasLost }: StepReply,
  ): void {
    this.#clockOffsetMs = now - Date.now();
    this.#lookAt = performance.now() + Math.min(jittered(this.#pollMs, 0.25), nextDueMs ?? Number.POSITIVE_INFINITY);
    for (const claim of stale) {
      if (!this.#resent.has(claim)) this.#reporter.stale(claim); // of one sent twice, the first sending may have arrived
    }
    for (const { claim } of acknowledgements) {
      this.#held.delete(claim);
      this.#resent.delete(claim);
    }
    for (let i = 0; i < taken.length; i += 2) this.#held.add(taken[i] as string);
    if (wasLost || held !== this.#held.size) this.#isInDoubt = true;
    for (let i = 0; i < taken.length; i += 2) this.#owner.onClaimed(taken[i] as string, taken[i + 1] as string);
  }

  /** Drops what the server gave to others, and runs what it claimed for us while its answer was lost. */
  async #reconcile(): Promise<void> {
    this.#offer.close();
    if (this.#offer.mayStand) this.#isWoken = true; // what comes meanwhile is seen by the next step
    try {
      const held = await readHeld(this.#worker);
      const lost = [...this.#held].filter((claim) => !held.has(claim));
      for (const claim of lost) {
        this.#held.delete(claim);
        this.#owner.onLost(claim);
      }
      if (lost.length > 0) this.#reporter.lost(lost.length);
      this.#isInDoubt = false;
      for (const [claim, envelope] of held) {
        if (this.#held.has(claim)) continue;
        this.#held.add(claim);
        this.#owner.onClaimed(claim, envelope);
      }
    } catch (error) {
      this.#failed(error);
    }
  }
}
