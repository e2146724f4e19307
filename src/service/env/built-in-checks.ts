import { type EnvCheckSettings, PASSED } from './env-check.js';

type Outcome = readonly [passed: boolean, message: string];

const MIN_SECRET_LENGTH = 32;
/** Fewer make a pattern: 32 random hex digits have fewer than eight different ones once in thirty million times. */
const MIN_SECRET_VARIETY = 8;
const WEAK_SECRETS = ['dev-secret-change-me', 'secret', 'changeme', 'password', '12345', 'test', 'dev'];

/** A database is named, and it is a server. */
export function checkDatabaseUrl({ databaseUrl }: EnvCheckSettings): Outcome {
  if (!databaseUrl) return [false, 'database_url not set'];
  if (/^sqlite/i.test(databaseUrl)) return [false, 'SQLite not recommended in prod (use PostgreSQL or MySQL)'];
  return PASSED;
}

/** A Redis is named, and it is a real one. */
export function checkRedisUrl({ redisUrl }: EnvCheckSettings): Outcome {
  if (!redisUrl) return [false, 'redis_url not set'];
  if (/^(fake|mock)/i.test(redisUrl)) return [false, 'fakeredis not allowed in prod'];
  return PASSED;
}

/** The signing secret is there, is none of the well-known ones, and is 32 characters or longer. */
export function checkJwtSecret({ jwtSecret }: EnvCheckSettings): Outcome {
  if (!jwtSecret) return [false, 'jwt_secret not set'];
  if (WEAK_SECRETS.includes(jwtSecret.toLowerCase())) return [false, 'jwt_secret is too weak'];
  if (jwtSecret.length < MIN_SECRET_LENGTH) {
    return [false, `jwt_secret too short (${jwtSecret.length} chars, need ${MIN_SECRET_LENGTH}+)`];
  }
  if (new Set(jwtSecret).size < MIN_SECRET_VARIETY) return [false, 'jwt_secret is too weak'];
  return PASSED;
}

/** The origins are named one by one; `null` is what a sandboxed page of anybody sends. */
export function checkCorsOrigins({ corsOrigins }: EnvCheckSettings): Outcome {
  if (!corsOrigins || corsOrigins.length === 0) return [false, 'cors_origins not set'];
  if (corsOrigins.some((origin) => origin.includes('*') || origin === 'null'))
    return [false, 'cors_origins cannot be wildcard in prod'];
  return PASSED;
}

/** A mail server and a sender come together or not at all. */
export function checkEmailConfig({ smtpUrl, emailFrom }: EnvCheckSettings): Outcome {
  if (smtpUrl && !emailFrom) return [false, 'email_from required when smtp_url is set'];
  if (emailFrom && !smtpUrl) return [false, 'smtp_url required when email_from is set'];
  return PASSED;
}
