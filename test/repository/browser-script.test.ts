import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const MAX_BYTES = 3_000;

describe('the action log', () => {
  for (const file of ['action-log.min.js', 'action-log.js']) {
    it(`is small on its way to a browser (${file})`, () => {
      const code = readFileSync(new URL(`../../dist/browser/${file}`, import.meta.url));
      expect(gzipSync(code, { level: 9 }).byteLength).toBeLessThan(MAX_BYTES);
    });
  }
});
