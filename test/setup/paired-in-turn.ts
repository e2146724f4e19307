/**
 * Each of the longer list with one of the other in turn: `[a, b, c]` and `[1, 2]` are `[a, 1], [b, 2], [c, 1]`. For faults
 * that take long, on several backends: every fault and every backend comes up; all pairs do in the chaos tests.
 */
export function pairedInTurn<F, B>(faults: readonly F[], backends: readonly B[]): Array<[F, B]> {
  const length = faults.length && backends.length && Math.max(faults.length, backends.length);
  return Array.from({ length }, (_, n) => [faults[n % faults.length] as F, backends[n % backends.length] as B]);
}
