/** Variables by name; what `process.env` is, and what a test hands in instead. */
export type EnvironmentVariables = Record<string, string | undefined>;

/** The variables of this process. Nothing else in the kernel reads `process.env`. */
export function environmentVariables(): EnvironmentVariables {
  return process.env;
}
