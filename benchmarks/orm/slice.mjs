/**
 * Calls `work` from `concurrency` lanes until the time is over.
 * Answers `{ perSecond, latenciesMs, cpuMicros }`, the last per call: what this process used, garbage collection included.
 */
export async function runSlice(work, { concurrency, seconds }) {
  const latenciesMs = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  const deadline = start + seconds * 1_000;

  const lane = async () => {
    for (let before = performance.now(); before < deadline; ) {
      await work();
      const after = performance.now();
      latenciesMs.push(after - before);
      before = after;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));

  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const calls = latenciesMs.length;
  return { perSecond: (calls * 1_000) / elapsedMs, latenciesMs, cpuMicros: (user + system) / calls };
}
