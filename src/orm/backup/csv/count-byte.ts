const OF_EACH = 0x01010101;
const WITHOUT_HIGH = 0x7f7f7f7f;

/** How often a byte is in others, four of which are looked at at once. @param bytes begin where a word does. */
export function countByte(bytes: Uint8Array, wanted: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const four = Math.imul(wanted, OF_EACH);
  let count = 0;
  for (let at = 0; at < words.length; at++) {
    const others = (words[at] as number) ^ four;
    const high = ((others & WITHOUT_HIGH) + WITHOUT_HIGH) | others; // its highest bit is not set in the bytes that are 0
    count += Math.imul((~high >>> 7) & OF_EACH, OF_EACH) >>> 24;
  }
  for (let at = words.length * 4; at < bytes.length; at++) if (bytes[at] === wanted) count += 1;
  return count;
}
