import type { Connection } from '../../dialect/driver.js';

/** Runs one statement for each list of parameters, in the way that the engine is fastest at. */
export async function runEach(
  connection: Connection,
  sql: string,
  runs: ReadonlyArray<readonly unknown[]>,
): Promise<void> {
  if (connection.runEach) return connection.runEach(sql, runs);
  for (const params of runs) await connection.run(sql, params);
}
