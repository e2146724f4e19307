import { describe, expect, it } from 'vitest';
import { runWithContext } from '../../src/base/context.js';
import { readableLogger } from '../telemetry/lines.js';

const HOSTILE =
  'ok\r\n{"level":"info","msg":"admin logged in"}\u001b[2J\u001b]0;title\u0007\u009b31m\u2028\u202eevil\u0000';

describe('log injection', () => {
  for (const pretty of [false, true]) {
    describe(pretty ? 'on a terminal' : 'in JSON', () => {
      it('cannot forge a line, colour, clear or rename the terminal, or turn text around', () => {
        const { logger, text } = readableLogger({ pretty });
        runWithContext({ requestId: 'r' }, () => {
          logger.info({ path: HOSTILE, [HOSTILE]: 1, nested: [{ agent: HOSTILE }] }, HOSTILE);
        });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
        expect(text().replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
        const forged = text()
          .split('\n')
          .filter((line) => line.trim().startsWith('{"level":"info","msg":"admin'));
        expect(forged).toEqual([]);
        if (!pretty) expect(text().trim().split('\n')).toHaveLength(1);
      });

      it('cannot forge a line through an error', () => {
        const { logger, text } = readableLogger({ pretty });
        logger.error({ err: new Error(HOSTILE) }, 'failed');
        const forged = text()
          .split('\n')
          .filter((line) => line.startsWith('{"level":"info","msg":"admin'));
        expect(forged).toEqual([]);
        expect(text()).not.toContain('\u001b[2J');
      });

      it('cannot fill the disk with one header', () => {
        const { logger, text } = readableLogger({ pretty });
        logger.info({ request_id: 'x'.repeat(100_000) }, 'y'.repeat(100_000));
        expect(text().length).toBeLessThan(20_000);
      });
    });
  }

  it('costs no time whatever the text is', () => {
    const { logger } = readableLogger();
    const hostile = ['eyJ-', '://', '://a:', 'Bearer ', '?a=', '&token', 'a', ':', '@', '\u001b'].map((part) =>
      part.repeat(50_000),
    );
    const start = performance.now();
    for (const text of hostile) logger.info({ text }, text);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
