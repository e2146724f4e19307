import { describe, expect, it } from 'vitest';
import { MessageReader } from '../../../src/orm/postgres/wire/message-reader.js';
import { MessageWriter } from '../../../src/orm/postgres/wire/message-writer.js';
import { readRow } from '../../../src/orm/postgres/wire/row-text.js';

type Value = string | null;

/** The body of a row as the server sends it. */
function rowBody(values: readonly Value[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(values.length);
  const parts = values.flatMap((value) => {
    const bytes = Buffer.from(value ?? '');
    const length = Buffer.alloc(4);
    length.writeInt32BE(value === null ? -1 : bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([count, ...parts]);
}

/** The row with other bytes before and behind it, as in a chunk of many messages. */
function roundTrip(values: readonly Value[]): unknown[] {
  const body = rowBody(values);
  return readRow(Buffer.concat([Buffer.from('ä\0'), body, Buffer.from('ö')]), 3, 3 + body.length);
}

describe('a row', () => {
  const texts = ['', 'a', 'ä', 'Straße', '日本', '👍', 'é\n\t"', '\x7f', '\x80', '\xff', '\u0100'];
  const lengths = [126, 127, 128, 129, 255, 256, 383, 384, 4_000, 4_095, 4_096, 5_000, 40_000, 70_000];

  it.each(texts)('keeps %j whatever stands beside it', (text) => {
    for (const row of [[text], [null, text], [text, null], ['x', text, 'y'], [text, text, null, 'tail']])
      expect(roundTrip(row)).toEqual(row);
  });

  it.each(lengths)('keeps texts of %d characters', (length) => {
    const long = 'x'.repeat(length);
    for (const row of [[long], [null, long, 'ä'], ['a', long, null], [`${long}ä`, 'b'], [long, long]])
      expect(roundTrip(row)).toEqual(row);
  });

  it('may have no columns, or very many', () => {
    expect(roundTrip([])).toEqual([]);
    const many = Array.from({ length: 1_600 }, (_, index) => (index % 3 === 0 ? null : String(index)));
    expect(roundTrip(many)).toEqual(many);
  });
});

/** Messages of both directions are framed alike, so what is written can be read back. */
function messagesOf(chunks: readonly Buffer[]): Array<[string, string]> {
  const messages: Array<[string, string]> = [];
  const reader = new MessageReader((type, data, start, end) => {
    messages.push([type, data.toString('latin1', start, end)]);
  });
  for (const chunk of chunks) reader.feed(Buffer.from(chunk));
  return messages;
}

describe('the messages', () => {
  const expected = [
    ['P', 's1\0SELECT $1\0\0\0'],
    ['B', '\0s1\0\0\x03\0\0\0\0\0\x01\0\x03\0\0\0\x01a\xff\xff\xff\xff\0\0\0\x02\xfe\xff\0\0'],
    ['D', 'P\0'],
    ['E', '\0\0\0\0\0'],
    ['C', 'Ss0\0'],
    ['f', 'no\0'],
    ['S', ''],
  ];
  const write = (writer: MessageWriter): void => {
    writer.parse('s1', 'SELECT $1');
    writer.bind('s1', ['a', null, new Uint8Array([0xfe, 0xff])]);
    writer.describePortal();
    writer.execute();
    writer.closeStatement('s0');
    writer.copyFail('no');
    writer.sync();
  };

  it('are written as the protocol wants them', () => {
    const writer = new MessageWriter();
    write(writer);
    expect(messagesOf([writer.take()])).toEqual(expected);
    expect(writer.take()).toHaveLength(0);
  });

  it('are read however the network cuts them', () => {
    const writer = new MessageWriter();
    write(writer);
    const all = writer.take();
    for (let first = 0; first <= all.length; first++) {
      for (let second = first; second <= all.length; second += 7)
        expect(messagesOf([all.subarray(0, first), all.subarray(first, second), all.subarray(second)])).toEqual(
          expected,
        );
    }
    expect(messagesOf(Array.from(all, (byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it('outgrow the buffer without losing what was taken or waits', () => {
    const writer = new MessageWriter();
    const long = 'ö'.repeat(50_000);
    const values = [long, Buffer.alloc(100_000, 7), 'short'];
    const taken: Buffer[] = [];
    for (let round = 0; round < 5; round++) {
      writer.bind('s', values);
      writer.bind('s', ['x']);
      taken.push(writer.take());
    }
    const messages = messagesOf(taken);
    expect(messages).toHaveLength(10);
    expect(new Set(messages.map(([, body]) => body)).size).toBe(2);
    expect(messages[0]?.[1]).toContain(Buffer.from(long).toString('latin1'));
    expect(messages[0]?.[1]).toContain('\x07'.repeat(100_000));
  });
});
