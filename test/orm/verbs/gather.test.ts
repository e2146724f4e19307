import { beforeEach, describe, expect, it } from 'vitest';
import type { RawRow } from '../../../src/orm/dialect/driver.js';
import { Gather } from '../../../src/orm/verbs/read/gather.js';

const SOLO = 6;

/** Queries that are answered when the test says so; a row is its id alone. */
class Queries {
  readonly sent: Array<readonly string[]> = [];
  readonly #answers: Array<{ resolve(rows: RawRow[]): void; reject(error: Error): void }> = [];
  #onSent: () => void = () => {};

  readonly read = (ids: readonly string[]): Promise<RawRow[]> => {
    this.sent.push(ids);
    this.#onSent();
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  };

  answer(index: number): void {
    this.#answers[index]?.resolve((this.sent[index] ?? []).filter((id) => !id.startsWith('no')).map((id) => [id]));
  }

  fail(index: number, error: Error): void {
    this.#answers[index]?.reject(error);
  }

  /** Resolves when so many have been sent. */
  async count(wanted: number): Promise<void> {
    while (this.sent.length < wanted)
      await new Promise<void>((resolve) => {
        this.#onSent = resolve;
      });
  }
}

describe('reads by id', () => {
  let queries: Queries;
  let gather: Gather;
  let idle: number;
  const ask = (ids: readonly string[]): Array<Promise<RawRow | undefined>> => ids.map((id) => gather.get(id));
  const numbered = (count: number, prefix = ''): string[] => Array.from({ length: count }, (_, at) => `${prefix}${at}`);

  beforeEach(() => {
    queries = new Queries();
    idle = 0;
    gather = new Gather(queries.read, SOLO, () => {
      idle += 1;
    });
  });

  it('leave one by one while not many are on their way, the others together once most are back', async () => {
    const solo = ask(numbered(SOLO));
    const together = ask(['a', 'b', 'a', 'none']);
    expect(queries.sent).toEqual(numbered(SOLO).map((id) => [id]));
    queries.answer(0);
    queries.answer(1);
    await Promise.all(solo.slice(0, 2));
    await queries.count(SOLO + 1);
    expect(queries.sent.at(-1)).toEqual(['a', 'b', 'none']);
    queries.answer(SOLO);
    expect(await Promise.all(together)).toEqual([['a'], ['b'], ['a'], undefined]);
  });

  it('take along what those ask for who were just answered', async () => {
    const solo = ask(numbered(SOLO));
    void ask(['waits']);
    const next = Promise.all(solo.slice(0, 2)).then(() => void ask(['next']));
    queries.answer(0);
    queries.answer(1);
    await next;
    await queries.count(SOLO + 1);
    expect(queries.sent.at(-1)).toEqual(['waits', 'next']);
  });

  it('leave at once when they are many, and after a moment when no answer comes', async () => {
    void ask(numbered(SOLO));
    void ask(numbered(32, 'many '));
    expect(queries.sent.at(-1)).toEqual(numbered(32, 'many '));
    void ask(['later', 'too']);
    await queries.count(SOLO + 2);
    expect(queries.sent.at(-1)).toEqual(['later', 'too']);
  });

  it('share their fault', async () => {
    void ask(numbered(SOLO));
    const together = Promise.allSettled(ask(numbered(32, 'many ')));
    const fault = new Error('no such table');
    queries.fail(SOLO, fault);
    expect(await together).toEqual(Array.from({ length: 32 }, () => ({ status: 'rejected', reason: fault })));
  });

  it('are over when nothing is on its way any more', async () => {
    const reads = ask(numbered(SOLO + 1));
    await queries.count(SOLO + 1);
    for (let index = 0; index < SOLO; index++) queries.answer(index);
    await Promise.all(reads.slice(0, SOLO));
    expect(idle).toBe(0);
    queries.answer(SOLO);
    await reads[SOLO];
    expect(idle).toBe(1);
  });
});
