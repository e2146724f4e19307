import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Repetition } from '../../src/base/repetition.js';

it('works again and again, and once however often it is started', async () => {
  let runs = 0;
  let atOnce = 0;
  const repetition = new Repetition(async () => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    await wait(1);
    atOnce -= 1;
    runs += 1;
  }, 1);
  repetition.start();
  repetition.start();
  while (runs < 5) await wait(1);
  await repetition.stop();
  const until = runs;
  await wait(20);
  expect(runs).toBe(until);
});

it('waits for what is under way when it is stopped, and cuts the pause short', async () => {
  let ended = false;
  const repetition = new Repetition(async () => {
    await wait(30);
    expect(repetition.signal.aborted).toBe(true);
    ended = true;
  }, 3_600_000);
  repetition.start();
  await repetition.stop();
  expect(ended).toBe(true);

  const resting = new Repetition(async () => {}, 3_600_000);
  resting.start();
  await wait(5);
  await resting.stop();
});
