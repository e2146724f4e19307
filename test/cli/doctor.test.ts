import { describe, expect, it } from 'vitest';
import { nodeFinding, spaceFinding } from '../../src/cli/doctor/check-machine.js';
import { clockOf } from '../../src/cli/doctor/finding.js';

describe('a check of the doctor', () => {
  it('compares a server’s clock with ours, and bears what the question itself may have taken', async () => {
    const clock = (aheadMs: number) => clockOf('redis', async () => Date.now() + aheadMs);
    expect(await clock(1_500)).toMatchObject({ level: 'ok' });
    expect(await clock(90_000)).toMatchObject({
      level: 'warning',
      message: expect.stringMatching(/^its clock is (89\.9|90\.0) s ahead/),
    });
    expect(await clock(-90_000)).toMatchObject({ level: 'warning', mend: expect.stringContaining('NTP') });
    expect((await clock(-90_000)).message).toContain('behind');
  });

  it('warns of a disk that fills up, and faults one that is full', () => {
    expect([5_000, 500, 50].map((free) => spaceFinding('.data', free).level)).toEqual(['ok', 'warning', 'fault']);
  });

  it('knows the oldest Node', () => {
    expect(['18.20.0', '20.18.3', '20.19.0', '24.1.0'].map((version) => nodeFinding(version).level)).toEqual([
      'fault',
      'fault',
      'ok',
      'ok',
    ]);
  });
});
