import { expect, test } from 'vitest';
import { TextSealer } from '../../src/base/sealed-text.js';

const sealer = new TextSealer('secret', 'tests');

test('what was sealed opens again, and looks different each time', () => {
  const text = 'grüße 😀\u0000';
  const sealed = sealer.seal(text, 'place');
  expect(sealer.open(sealed, 'place')).toBe(text);
  expect(sealer.seal(text, 'place')).not.toBe(sealed);
});

test('nothing opens with another secret, purpose or place, or after a change', () => {
  const sealed = sealer.seal('tx', 'place'); // 30 bytes: no bit of its base64 is without meaning
  expect(new TextSealer('other', 'tests').open(sealed, 'place')).toBeUndefined();
  expect(new TextSealer('secret', 'other').open(sealed, 'place')).toBeUndefined();
  expect(sealer.open(sealed, 'elsewhere')).toBeUndefined();
  for (let at = 0; at < sealed.length; at++) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    expect(sealer.open(changed, 'place'), String(at)).toBeUndefined();
  }
  expect(sealer.open('', 'place')).toBeUndefined();
});
