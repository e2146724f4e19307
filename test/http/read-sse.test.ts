import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSse } from '../../src/http/index.js';

async function read(text: string, sizes: readonly number[] = [1_000_000]): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const events: unknown[] = [];
  for await (const event of readSse(chunks())) events.push(event);
  return events;
}

describe('an event stream', () => {
  it('is read event by event, without comments and what is not finished', async () => {
    expect(await read(':\n\nid: 7\nevent: log\ndata: one\ndata:two\n\ndata: {}\n\nevent: none\n\ndata: cut')).toEqual([
      { event: 'log', data: 'one\ntwo', id: '7' },
      { event: 'message', data: '{}', id: '7' },
    ]);
  });

  it('is the same however it is cut and its lines end', async () => {
    const lines = [':', '', 'id: 1', 'event: grüße', 'data: ☂', 'data', '', 'data:: x', ''];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
        async (end, sizes) => {
          expect(await read(lines.map((line) => line + end).join('') + end, sizes)).toEqual([
            { event: 'grüße', data: '☂\n', id: '1' },
            { event: 'message', data: ': x', id: '1' },
          ]);
        },
      ),
    );
  });
});
