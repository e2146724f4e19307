/** The random numbers of one chaos run, told by CHAOS_SEED so that it can be repeated (the generator is mulberry32). */
export function seededRandom(): { seed: number; random: () => number } {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 2 ** 31);
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, random };
}
