import { describe, expect, it } from 'vitest';
import { PacketReader } from '../../../src/orm/mysql/wire/packet-reader.js';
import { executeRequest, fetchRequest, queryRequest } from '../../../src/orm/mysql/wire/request.js';
import { StatementExchange } from '../../../src/orm/mysql/wire/statement-exchange.js';

const FULL = 2 ** 24 - 1;

/** The payloads that come out of chunks. */
function payloads(chunks: readonly Buffer[]): Buffer[] {
  const found: Buffer[] = [];
  const reader = new PacketReader((data, start, end) => found.push(Buffer.from(data.subarray(start, end))));
  for (const chunk of chunks) reader.feed(chunk);
  return found;
}

describe('packets', () => {
  it('come out whole, wherever the bytes were cut', () => {
    const texts = ['', 'a', 'bc'.repeat(200), '\u{1f600}'];
    const bytes = Buffer.concat(texts.map(queryRequest));
    const whole = payloads([bytes]).map((payload) => payload.toString('utf8', 1));
    expect(whole).toEqual(texts);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(payloads([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(payloads([bytes]));
    }
    expect(payloads([...bytes].map((byte) => Buffer.from([byte])))).toEqual(payloads([bytes]));
  });

  it('are cut where one would be too long, and joined again', () => {
    for (const length of [FULL - 2, FULL - 1, FULL, 2 * FULL - 1]) {
      const request = queryRequest('x'.repeat(length));
      const packets = Math.floor((length + 1) / FULL) + 1;
      expect(request.length).toBe(length + 1 + 4 * packets);
      expect([...Array(packets).keys()].map((number) => request[number * (FULL + 4) + 3])).toEqual([
        ...Array(packets).keys(),
      ]);
      const [payload, ...others] = payloads([request]);
      expect([payload?.length, others]).toEqual([length + 1, []]);
    }
  });

  it('never carry what is no single value', () => {
    for (const value of [undefined, [], {}, () => 1, Symbol('x')]) {
      expect(() => executeRequest(1, [value])).toThrow(/A parameter cannot be/);
    }
  });
});

describe('the end of fetched rows', () => {
  const statusOf = { 'a cursor exists': 0x40, 'its last row was sent': 0x80, both: 0xc0, neither: 0x02 };

  it.each(Object.entries(statusOf))('says whether there are more: %s', async (_, status) => {
    const exchange = new StatementExchange(fetchRequest(1, 10), 'rows', []);
    const end = Buffer.from([0xfe, 0, 0, status, 0]);
    expect(exchange.take(end, 0, end.length)).toBe(true);
    exchange.end(0);
    const { rest } = await exchange.answered;
    expect(rest).toEqual(status === 0x40 ? [] : undefined);
  });
});
