import { ConnectionError } from '../../base/errors.js';
import { type RedisClient, type RedisScript, runScript } from '../../redis/index.js';
import { ENQUEUE } from './enqueue-script.js';

/** One job on its way to Redis. */
export interface EnqueueRequest {
  id: string;
  /** Packed. */
  envelope: string;
  /** Its first entry. */
  entry: string;
  /** '' at once, '+ms' from now, or Unix ms. */
  due: string;
  /** The caller chose the id. */
  named: boolean;
}

interface Waiting {
  request: EnqueueRequest;
  resolve(taken: boolean): void;
  reject(error: unknown): void;
}

/** Jobs, and characters of them, per script call; more would hold up the server's other clients. */
const CHUNK = 500;
const CHUNK_LENGTH = 4_000_000;

/** Sends what is enqueued within one tick as one script call: 100 callers then cost one round trip. */
export class EnqueueBatch {
  readonly #redis: RedisClient;
  readonly #base: string;
  readonly #script: RedisScript;
  #waiting: Waiting[] = [];

  constructor(redis: RedisClient, base: string, script = ENQUEUE) {
    this.#redis = redis;
    this.#base = base;
    this.#script = script;
  }

  /** Resolves once Redis has the job: true when it was taken, false when its id exists. */
  add(request: EnqueueRequest): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ request, resolve, reject });
    });
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of chunksOf(waiting)) void this.#send(chunk);
  }

  async #send(chunk: readonly Waiting[]): Promise<void> {
    const args = chunk.flatMap(({ request: { id, envelope, entry, due } }) => [id, envelope, entry, due]);
    try {
      const answers = (await runScript(this.#redis, this.#script, [this.#base], args)) as string[];
      // An id of our own making is known only when the client sent the script twice over a broken connection.
      for (const [i, { request, resolve }] of chunk.entries()) resolve(answers[i] === '' || !request.named);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const error = new ConnectionError(`Redis did not take the job (${reason}); try again`, { cause });
      for (const { reject } of chunk) reject(error);
    }
  }
}

function* chunksOf(waiting: readonly Waiting[]): Generator<readonly Waiting[]> {
  let start = 0;
  let length = 0;
  for (const [i, { request }] of waiting.entries()) {
    const size = request.envelope.length;
    if (i > start && (i - start === CHUNK || length + size > CHUNK_LENGTH)) {
      yield waiting.slice(start, i);
      start = i;
      length = 0;
    }
    length += size;
  }
  yield waiting.slice(start);
}
