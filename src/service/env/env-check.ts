/** What a check may look at. Further options of the service are there as well, under their own names. */
export interface EnvCheckSettings {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly databaseUrl?: string | null | undefined;
  readonly redisUrl?: string | null | undefined;
  readonly jwtSecret?: string | null | undefined;
  readonly corsOrigins?: readonly string[] | null | undefined;
  readonly smtpUrl?: string | null | undefined;
  readonly emailFrom?: string | null | undefined;
  readonly stripeSecretKey?: string | null | undefined;
  readonly debug?: boolean | undefined;
  readonly [option: string]: unknown;
}

/** Looks at the settings at start and answers `[passed, message]`; the message says what is wrong. */
export type EnvCheck = (settings: EnvCheckSettings) => readonly [passed: boolean, message: string];

export const PASSED: readonly [true, ''] = Object.freeze([true, '']);
