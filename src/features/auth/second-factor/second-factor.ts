import { createHash, randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../../base/clock.js';
import { ConflictError, KernelError } from '../../../base/errors.js';
import { TextSealer } from '../../../base/sealed-text.js';
import { BadRequestError } from '../../../http/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { KernelAuthTotp } from '../entities.js';

export interface SecondFactorOptions {
  /** Encrypts the secrets: the one that signs tokens. */
  tokenSecret: string;
  /** Shown by authenticator apps. */
  issuer: string;
  db?: SessionHandle;
  clock?: Clock;
}

const RECOVERY_CODES = 10;
/** One step of 30 s before and after, for clocks that are not quite right. */
const TOLERANCE_SECONDS = 30;
const NO_STEP = -1;

/**
 * Time-based one-time passwords (RFC 6238) as a second factor, and recovery codes for who lost the device. A code works
 * once, also when it is sent twice at the same moment.
 */
export class SecondFactor {
  readonly #options: SecondFactorOptions;
  readonly #sealer: TextSealer;
  readonly #on: { db?: SessionHandle };
  readonly #clock: Clock;

  constructor(options: SecondFactorOptions) {
    this.#options = options;
    this.#sealer = new TextSealer(options.tokenSecret, 'second factor');
    this.#on = options.db ? { db: options.db } : {};
    this.#clock = options.clock ?? systemClock;
  }

  async isEnabled(userId: string): Promise<boolean> {
    return Boolean((await this.#find(userId))?.enabledAt);
  }

  /** A new secret, which counts for nothing until `enable`. @throws BadRequestError when it is enabled already. */
  async setup(userId: string, label: string): Promise<{ secret: string; uri: string }> {
    const { generateSecret, generateURI } = await import('otplib');
    const row = await this.#find(userId);
    if (row?.enabledAt) throw new BadRequestError('The second factor is enabled already; disable it first');
    const secret = generateSecret();
    const sealedSecret = this.#sealer.seal(secret, userId);
    const fresh = { userId, sealedSecret, lastStep: NO_STEP, recoveryHashes: [] };
    await KernelAuthTotp.save(fresh, { matchBy: 'userId', ...this.#on });
    return { secret, uri: generateURI({ issuer: this.#options.issuer, label, secret }) };
  }

  /** From now on a code is asked for. @returns the recovery codes, this one time. @throws BadRequestError for a wrong code. */
  async enable(userId: string, code: string): Promise<string[]> {
    const row = await this.#find(userId);
    if (!row || row.enabledAt) throw new BadRequestError('Set the second factor up first');
    const step = await this.#stepOf(row, code);
    if (step === null) throw new BadRequestError('Invalid code');
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    const change = { enabledAt: new Date(this.#clock.now()), lastStep: step, recoveryHashes: codes.map(hashOf) };
    if (!(await this.#change(row, change))) throw new BadRequestError('Invalid code');
    return codes;
  }

  /** Takes it away, whatever state it is in: for `disable`, and for admins who help somebody. */
  async remove(userId: string): Promise<boolean> {
    return (await KernelAuthTotp.deleteMany({ userId }, this.#on)) > 0;
  }

  /** Whether the code is good: one of the app, or a recovery code. Either way it is used up. */
  async verify(userId: string, code: string): Promise<boolean> {
    const row = await this.#find(userId);
    if (!row?.enabledAt) return false;
    const step = await this.#stepOf(row, code);
    if (step !== null) return this.#change(row, { lastStep: step });
    const hash = hashOf(code);
    if (!row.recoveryHashes.includes(hash)) return false;
    return this.#change(row, { recoveryHashes: row.recoveryHashes.filter((kept) => kept !== hash) });
  }

  /** The step of time that the code is of, if it is later than the last one that was used. */
  async #stepOf({ userId, sealedSecret, lastStep }: KernelAuthTotp, code: string): Promise<number | null> {
    const token = code.replace(/\s/g, '');
    const secret = this.#sealer.open(sealedSecret, userId);
    if (secret === undefined || !/^\d{6}$/.test(token)) return null;
    const { verify } = await import('otplib');
    const epoch = Math.floor(this.#clock.now() / 1000);
    const result = await verify({ secret, token, epoch, epochTolerance: TOLERANCE_SECONDS });
    const step = result.valid && 'timeStep' in result ? result.timeStep : null;
    return step !== null && step > lastStep ? step : null;
  }

  /** False when somebody else changed it meanwhile: then the code was used at the same moment. */
  async #change(
    row: KernelAuthTotp,
    change: Partial<Pick<KernelAuthTotp, 'enabledAt' | 'lastStep' | 'recoveryHashes'>>,
  ) {
    try {
      return (await KernelAuthTotp.update(row.id, change, { expectedVersion: row.version, ...this.#on })) !== null;
    } catch (error) {
      if (error instanceof ConflictError) return false;
      throw error;
    }
  }

  #find(userId: string): Promise<KernelAuthTotp | null> {
    return KernelAuthTotp.findOne({ where: { userId }, ...this.#on });
  }
}

/** What a sign-in answers that was right but for the second factor: 401. */
export function secondFactorError(message: string): KernelError {
  return new KernelError('E_SECOND_FACTOR', message);
}

/** Crockford's 32 letters, of which none is taken for another. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** 50 bits. */
function newRecoveryCode(): string {
  const letters = Array.from(randomBytes(10), (byte) => LETTERS[byte % LETTERS.length]).join('');
  return `${letters.slice(0, 5)}-${letters.slice(5)}`;
}

function hashOf(code: string): string {
  const plain = code.toLowerCase().replace(/[^a-z0-9]/g, '');
  return createHash('sha256').update(plain).digest('hex');
}
