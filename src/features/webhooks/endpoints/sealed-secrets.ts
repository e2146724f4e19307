import { TextSealer } from '../../../base/sealed-text.js';

interface KeptSecret {
  secret: string;
  /** Unix ms; null is the one that is new. */
  until: number | null;
}

/** Most secrets of one endpoint: each is a signature in every request. */
const MOST = 5;

/** The secrets of endpoints as the database keeps them: who reads it learns nothing. */
export class SealedSecrets {
  readonly #sealer: TextSealer;

  constructor(secret: string) {
    this.#sealer = new TextSealer(secret, 'webhook secrets');
  }

  /** @param webhookId the only one they can be opened for */
  seal(webhookId: string, secret: string): string {
    return this.#seal(webhookId, [{ secret, until: null }]);
  }

  /** Those that count at `now` (Unix ms), the new one first; none where they were sealed with another secret. */
  open(webhookId: string, sealed: string, now: number): string[] {
    return this.#read(webhookId, sealed, now).map(({ secret }) => secret);
  }

  /** `secret` is the new one, the others count until `until` at the latest. */
  rotate(webhookId: string, sealed: string, secret: string, { now, until }: { now: number; until: number }): string {
    const before = this.#read(webhookId, sealed, now)
      .map((kept) => ({ ...kept, until: Math.min(kept.until ?? until, until) }))
      .filter((kept) => kept.secret !== secret && kept.until > now);
    return this.#seal(webhookId, [{ secret, until: null }, ...before].slice(0, MOST));
  }

  #seal(webhookId: string, secrets: readonly KeptSecret[]): string {
    return this.#sealer.seal(JSON.stringify(secrets), webhookId);
  }

  #read(webhookId: string, sealed: string, now: number): KeptSecret[] {
    const text = this.#sealer.open(sealed, webhookId);
    const kept = text === undefined ? [] : (JSON.parse(text) as KeptSecret[]);
    return kept.filter(({ until }) => until === null || until > now);
  }
}
