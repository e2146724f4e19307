/** How many requests may be under way. */
export interface SlotLimits {
  /** In all. */
  total: number;
  /** To one endpoint. */
  perEndpoint: number;
}

/**
 * Who may send now. An endpoint has a few slots; one whose last answer took long has one, and all of those together have half
 * of what there is: receivers that hang delay nobody but themselves.
 */
export class SendSlots {
  readonly #limits: SlotLimits;
  readonly #busy = new Map<string, number>();
  readonly #slow = new Set<string>();
  #slowBusy = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** How many more requests to the endpoint may begin. */
  freeFor(endpoint: string): number {
    const busy = this.#busy.get(endpoint) ?? 0;
    if (!this.#slow.has(endpoint)) return this.#limits.perEndpoint - busy;
    return this.#slowBusy < this.#limits.total / 2 ? 1 - busy : 0;
  }

  /** The function that gives the slot back, told whether the answer took long; undefined where none is free. */
  take(endpoint: string): ((tookLong: boolean) => void) | undefined {
    if (this.freeFor(endpoint) <= 0) return undefined;
    const countsAsSlow = this.#slow.has(endpoint);
    this.#busy.set(endpoint, (this.#busy.get(endpoint) ?? 0) + 1);
    if (countsAsSlow) this.#slowBusy += 1;
    return (tookLong) => {
      const left = (this.#busy.get(endpoint) ?? 1) - 1;
      if (left > 0) this.#busy.set(endpoint, left);
      else this.#busy.delete(endpoint);
      if (countsAsSlow) this.#slowBusy -= 1;
      if (tookLong) this.#slow.add(endpoint);
      else this.#slow.delete(endpoint);
    };
  }
}
