/** What a step says of its worker's offers to stand by: its own, 0 for none, and whether an earlier one may have to end. */
export interface OfferOfStep {
  offer: number;
  mayStandBy: boolean;
}

/**
 * A worker's offer to be handed the next job. A producer may answer it once, and only until the worker says anything else
 * to the server, or an answer of the server was lost: whatever was handed over then is seen by the next step.
 */
export class StandingOffer {
  /** Numbers rise; they are times, so that the worker that has stood by longest is the next one. */
  #last = 0;
  #open = 0;
  #mayStand = false;

  /** Whether the server may hold one. */
  get mayStand(): boolean {
    return this.#mayStand;
  }

  /** A step is sent, with a new offer or none. */
  next(isIdle: boolean): OfferOfStep {
    const mayStandBy = this.#mayStand;
    if (isIdle) this.#last = Math.max(this.#last + 1, Date.now());
    this.#open = isIdle ? this.#last : 0;
    this.#mayStand ||= isIdle;
    return { offer: this.#open, mayStandBy };
  }

  /** The step was answered: the server took its offer, or holds none. */
  settle({ offer }: OfferOfStep, isTaken: boolean): void {
    if (!(isTaken && offer > 0) && this.#open === offer) this.end();
  }

  /** A job was handed over: whether its offer was open, which it then is no more. */
  take(offer: number): boolean {
    if (offer !== this.#open) return false;
    this.end();
    return true;
  }

  /** What comes from now on is not to be believed. */
  close(): void {
    this.#open = 0;
  }

  end(): void {
    this.#open = 0;
    this.#mayStand = false;
  }
}
