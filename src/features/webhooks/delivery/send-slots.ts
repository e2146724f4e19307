/** How many requests may be under way. */
export interface SlotLimits {
  /** In all. */
  total: number;
  /** To one endpoint. */
  perEndpoint: number;
}

/** Most endpoints that are remembered; those it was longest ago have to show anew what they are like. */
const REMEMBERED = 10_000;

/**
 * Who may send now. An endpoint that answered quickly the last time has a few slots. Any other, unknown or slow, has one, and
 * all of those together have half of what there is: receivers that hang delay none that answers.
 */
export class SendSlots {
  readonly #limits: SlotLimits;
  readonly #busy = new Map<string, number>();
  readonly #quick = new Set<string>();
  /** Those that got no slot because the others have them all. */
  readonly #waiting = new Set<string>();
  #doubtful = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** How many more requests to the endpoint may begin. */
  freeFor(endpoint: string): number {
    const busy = this.#busy.get(endpoint) ?? 0;
    if (this.#quick.has(endpoint)) return this.#limits.perEndpoint - busy;
    return this.#isHalfFull() ? 0 : 1 - busy;
  }

  /** The function that gives the slot back, told whether the answer took long; undefined where none is free. */
  take(endpoint: string): ((tookLong: boolean) => void) | undefined {
    const isDoubtful = !this.#quick.has(endpoint);
    if (this.freeFor(endpoint) <= 0) {
      if (isDoubtful && !this.#busy.has(endpoint)) this.#waiting.add(endpoint);
      return undefined;
    }
    this.#waiting.delete(endpoint);
    this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 0) + 1);
    if (isDoubtful) this.#doubtful += 1;
    return (tookLong) => {
      this.#leave(endpoint);
      if (isDoubtful) this.#doubtful -= 1;
      this.#remember(endpoint, !tookLong);
    };
  }

  /** An endpoint that had to wait for others and may go on. */
  nextWaiting(): string | undefined {
    const [endpoint] = this.#isHalfFull() ? [] : this.#waiting;
    if (endpoint !== undefined) this.#waiting.delete(endpoint);
    return endpoint;
  }

  #isHalfFull(): boolean {
    return this.#doubtful >= this.#limits.total / 2;
  }

  #leave(endpoint: string): void {
    const left = (this.#busy.get(endpoint) ?? 1) - 1;
    if (left > 0) this.#busy.set(endpoint, left);
    else this.#busy.delete(endpoint);
  }

  #remember(endpoint: string, isQuick: boolean): void {
    this.#quick.delete(endpoint);
    if (!isQuick) return;
    this.#quick.add(endpoint);
    const [oldest] = this.#quick.size > REMEMBERED ? this.#quick : [];
    if (oldest !== undefined) this.#quick.delete(oldest);
  }
}
