import { expect, it } from 'vitest';
import { PacketCursor } from '../../../src/orm/mysql/wire/packet-cursor.js';

const counted = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  const length = bytes.length < 0xfb ? [bytes.length] : [0xfc, bytes.length & 0xff, bytes.length >> 8];
  return Buffer.concat([Buffer.from(length), bytes]);
};

/** What a cursor reads of texts that stand behind bytes which are none, as one row or each by itself. */
function readBack(texts: readonly string[], asRow: boolean): string[] {
  const before = Buffer.from([0xff, 0xe2, 0x82]);
  const parts = texts.flatMap((text) => [counted(text), Buffer.from([0xea, 0x07])]);
  const packet = Buffer.concat([before, ...parts]);
  const cursor = new PacketCursor();
  cursor.moveTo(packet, before.length);
  if (asRow) cursor.startRow(packet.length);
  return texts.map(() => {
    const text = cursor.text();
    cursor.int16();
    return text;
  });
}

const ROWS: Readonly<Record<string, string[]>> = {
  'nothing but ASCII': ['id-1', '', 'a longer text, which is a part of its row', '{"a":1}'],
  'letters of other scripts beside ASCII': ['id-1', 'é', 'plain', '日本語', '\u{1f600} and text', 'end'],
  'texts of hundreds of bytes': ['x'.repeat(300), 'é'.repeat(200), 'y'.repeat(250)],
  'a row too long to be kept as a whole': ['x'.repeat(3_000), 'é', 'z'],
};

for (const [what, texts] of Object.entries(ROWS)) {
  it(`reads ${what}, text by text and as a row`, () => {
    expect(readBack(texts, false)).toEqual(texts);
    expect(readBack(texts, true)).toEqual(texts);
  });
}

it('reads what comes after a row by itself', () => {
  const [first, second] = [counted('first'), counted('second')];
  const packet = Buffer.concat([first, second]);
  const cursor = new PacketCursor();
  cursor.moveTo(packet, 0);
  cursor.startRow(first.length);
  expect([cursor.text(), cursor.text()]).toEqual(['first', 'second']);
  cursor.moveTo(Buffer.concat([counted('other'), counted('texts')]), 0);
  expect([cursor.text(), cursor.text()]).toEqual(['other', 'texts']);
});
