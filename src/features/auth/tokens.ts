import { createSecretKey, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import { ambientService, serviceKey } from '../../base/services.js';
import { AuthError } from '../../http/errors.js';

/** How a kernel signs and checks its tokens. */
export interface AuthConfig {
  /** HS256 secret; 32 characters or more in production. */
  readonly tokenSecret: string;
  readonly accessTokenExpiresMinutes: number;
  readonly refreshTokenExpiresDays: number;
  readonly issuer: string;
  readonly audience: string;
}

/** The ambient kernel's configuration, so that tokens made by hand carry its issuer and audience. */
export const AUTH_CONFIG = serviceKey<AuthConfig>('authConfig');

const DEFAULT_ISSUER = 'app-kernel';

export function authConfig(config: Pick<AuthConfig, 'tokenSecret'> & Partial<AuthConfig>): AuthConfig {
  const issuer = config.issuer ?? DEFAULT_ISSUER;
  return Object.freeze({
    tokenSecret: config.tokenSecret,
    accessTokenExpiresMinutes: config.accessTokenExpiresMinutes ?? 15,
    refreshTokenExpiresDays: config.refreshTokenExpiresDays ?? 30,
    issuer,
    audience: config.audience ?? issuer,
  });
}

/** Claims that only the kernel sets. */
const RESERVED = new Set(['sub', 'email', 'role', 'type', 'sid', 'jti', 'iat', 'exp', 'nbf', 'iss', 'aud']);
/** Seconds by which two servers' clocks may differ. */
const LEEWAY_SECONDS = 5;

interface SigningOptions {
  secret: string;
  /** Default: the ambient kernel's where it has the same secret, else `app-kernel`. */
  issuer?: string;
  audience?: string;
  clock?: Clock;
}

export interface AccessTokenOptions extends SigningOptions {
  userId: string;
  role?: string;
  email?: string | null;
  expiresMinutes?: number;
  /** The session that ends this token; without one it obeys user state and expiry only. */
  sessionId?: string;
  /** More claims; the kernel's own cannot be overridden. */
  extraClaims?: Readonly<Record<string, unknown>>;
}

export interface RefreshTokenOptions extends SigningOptions {
  userId: string;
  expiresDays?: number;
  sessionId?: string;
  /** Unique id of the token; the session remembers its hash. */
  tokenId?: string;
}

/** A decoded and verified token. */
export class TokenPayload {
  readonly sub: string;
  readonly email: string;
  readonly role: string;
  readonly type: 'access' | 'refresh';
  readonly exp: Date | undefined;
  readonly iat: Date | undefined;
  readonly sessionId: string | undefined;
  readonly tokenId: string | undefined;
  /** Claims that the kernel does not know. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(claims: Readonly<Record<string, unknown>> & { sub: string }) {
    this.sub = claims.sub;
    this.email = text(claims.email) ?? '';
    this.role = text(claims.role) ?? 'user';
    this.type = claims.type === 'refresh' ? 'refresh' : 'access';
    this.exp = date(claims.exp);
    this.iat = date(claims.iat);
    this.sessionId = text(claims.sid);
    this.tokenId = text(claims.jti);
    this.extra = Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED.has(name)));
  }

  get userId(): string {
    return this.sub;
  }

  get isAdmin(): boolean {
    return this.role === 'admin';
  }

  get isRefreshToken(): boolean {
    return this.type === 'refresh';
  }
}

/** What sign-in answers; as JSON it is the wire's token response. */
export class IssuedTokens {
  readonly tokenType = 'bearer';

  constructor(
    readonly accessToken: string,
    readonly refreshToken: string,
    /** Seconds until the access token expires. */
    readonly expiresIn: number,
    /** What `sessions.end` takes. */
    readonly sessionId: string,
  ) {}

  toJSON(): Record<'access_token' | 'refresh_token' | 'token_type', string> & { expires_in: number } {
    return {
      access_token: this.accessToken,
      refresh_token: this.refreshToken,
      token_type: this.tokenType,
      expires_in: this.expiresIn,
    };
  }
}

export function createAccessToken(options: AccessTokenOptions): string {
  const { extraClaims = {} } = options;
  const taken = Object.keys(extraClaims).find((name) => RESERVED.has(name));
  if (taken) throw new KernelError('E_TOKEN_CLAIM', `Claim "${taken}" is the kernel's own; choose another name`);
  const claims = { ...extraClaims, email: options.email ?? '', role: options.role ?? 'user', type: 'access' };
  return sign(claims, options, (options.expiresMinutes ?? 15) * 60);
}

export function createRefreshToken(options: RefreshTokenOptions): string {
  return sign({ type: 'refresh' }, options, (options.expiresDays ?? 30) * 86_400);
}

function sign(
  claims: Record<string, unknown>,
  options: SigningOptions & { userId: string; sessionId?: string; tokenId?: string },
  seconds: number,
): string {
  const iat = Math.floor((options.clock ?? systemClock).now() / 1000);
  const standard = {
    sub: options.userId,
    ...(options.sessionId !== undefined && { sid: options.sessionId }),
    jti: options.tokenId ?? uuidv7(),
    iat,
    exp: iat + Math.round(seconds),
    iss: issuerOf(options),
    aud: audienceOf(options),
  };
  return jwt.sign({ ...claims, ...standard }, secretKey(options.secret), { algorithm: 'HS256' });
}

export interface DecodeOptions extends SigningOptions {
  /** Accepts an expired token: only for ending its session. */
  ignoreExpiration?: boolean;
}

/**
 * Verifies signature (HS256 and nothing else), issuer, audience and times, and answers the claims. Keys that a token
 * brings along (`jwk`, `jku`, `x5u`, `kid`) are never looked at.
 * @throws AuthError `Token has expired` or `Invalid token: …`.
 */
export function decodeToken(token: string, options: DecodeOptions): TokenPayload {
  const claims = verified(token, options);
  if (typeof claims === 'string') throw invalid('claims are missing');
  const { sub, type, exp, iat } = claims;
  if (typeof sub !== 'string' || sub === '') throw invalid('sub is missing');
  if (type !== 'access' && type !== 'refresh') throw invalid('type is unknown');
  if (typeof exp !== 'number' || typeof iat !== 'number') throw invalid('exp and iat are required');
  return new TokenPayload({ ...claims, sub });
}

function verified(token: string, options: DecodeOptions): jwt.JwtPayload | string {
  try {
    const { header, payload } = jwt.verify(token, secretKey(options.secret), {
      algorithms: ['HS256'],
      issuer: issuerOf(options),
      audience: audienceOf(options),
      clockTolerance: LEEWAY_SECONDS,
      clockTimestamp: Math.floor((options.clock ?? systemClock).now() / 1000),
      ignoreExpiration: options.ignoreExpiration ?? false,
      complete: true,
    });
    if ('crit' in header) throw invalid('critical headers are not understood');
    return payload;
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) throw new AuthError('Token has expired');
    if (error instanceof jwt.JsonWebTokenError) throw invalid(error.message);
    if (error instanceof SyntaxError || error instanceof TypeError) throw invalid('jwt malformed'); // as for `null`
    throw error;
  }
}

function invalid(reason: string): AuthError {
  return new AuthError(`Invalid token: ${reason}`);
}

function issuerOf(options: SigningOptions): string {
  return options.issuer ?? ownerOf(options.secret)?.issuer ?? DEFAULT_ISSUER;
}

function audienceOf(options: SigningOptions): string {
  return options.audience ?? options.issuer ?? ownerOf(options.secret)?.audience ?? DEFAULT_ISSUER;
}

function ownerOf(secret: string): AuthConfig | undefined {
  const config = ambientService(AUTH_CONFIG);
  return config?.tokenSecret === secret ? config : undefined;
}

let lastKey: { secret: string; key: KeyObject } | undefined;

/** Verifying with a string builds this object each time, which makes it four times slower. */
function secretKey(secret: string): KeyObject {
  if (lastKey?.secret === secret) return lastKey.key;
  if (!secret) throw new KernelError('E_CONFIG', 'Tokens need a secret; set `jwtSecret` (or `auth.tokenSecret`)');
  lastKey = { secret, key: createSecretKey(secret, 'utf8') };
  return lastKey.key;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function date(value: unknown): Date | undefined {
  return typeof value === 'number' ? new Date(value * 1000) : undefined;
}
