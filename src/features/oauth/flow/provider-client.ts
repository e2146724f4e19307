import jwt from 'jsonwebtoken';
import { KernelError } from '../../../base/errors.js';
import { exchangeForm, limitedText, requestProvider } from './provider-request.js';
import type { OAuthProfile, Provider } from './providers.js';

const TIMEOUT_MS = 10_000;

export interface CodeExchange {
  code: string;
  verifier: string;
  nonce: string;
  callbackUrl: string;
}

/**
 * Turns the provider's code into a profile.
 * @throws KernelError `E_OAUTH` when the provider refuses, does not answer, or says what does not fit.
 */
export async function fetchProfile(provider: Provider, exchange: CodeExchange): Promise<OAuthProfile> {
  const { endpoints } = provider;
  const tokens = fields(await ask(endpoints.token, { method: 'POST', body: exchangeForm(provider, exchange) }));
  const accessToken = text(tokens.access_token);
  if (accessToken === null) throw fault('gave no access token');
  const subject = provider.hasIdToken ? subjectOf(provider, text(tokens.id_token), exchange.nonce) : null;
  const headers = { authorization: `Bearer ${accessToken}` };
  const user = fields(await ask(endpoints.userinfo, { headers }));
  const profile = provider.name === 'github' ? await githubProfile(provider, user, headers) : openIdProfile(user);
  if (subject !== null && subject !== profile.id) throw fault('answered for somebody else than its ID token names');
  return profile;
}

/**
 * The ID token came straight from the provider over TLS, which stands in for its signature (OpenID Connect Core 3.1.3.7);
 * whom it is for and about is checked all the same.
 */
function subjectOf({ endpoints, clientId }: Provider, idToken: string | null, nonce: string): string | null {
  if (idToken === null && endpoints.issuer === undefined) return null;
  const claims = idToken === null ? null : jwt.decode(idToken);
  if (claims === null || typeof claims === 'string') throw fault('gave no readable ID token');
  const issuers = endpoints.issuer && [endpoints.issuer, endpoints.issuer.replace(/^https:\/\//, '')];
  if (issuers && !issuers.includes(claims.iss ?? '')) throw fault('gave an ID token of another issuer');
  if (![claims.aud].flat().includes(clientId)) throw fault('gave an ID token for another client');
  if (claims.nonce !== nonce) throw fault('gave an ID token of another sign-in');
  if (typeof claims.exp !== 'number' || claims.exp * 1000 < Date.now()) throw fault('gave an expired ID token');
  return claims.sub ?? null;
}

function openIdProfile(user: Readonly<Record<string, unknown>>): OAuthProfile {
  const verified = user.verified_email ?? user.email_verified;
  return {
    id: identifier(user.sub ?? user.id),
    email: text(user.email),
    isEmailVerified: verified === true || verified === 'true',
    name: text(user.name),
    picture: text(user.picture),
  };
}

/** The address in a GitHub profile says nothing about who reads it; the list of addresses does. */
async function githubProfile(
  { endpoints }: Provider,
  user: Readonly<Record<string, unknown>>,
  headers: Record<string, string>,
): Promise<OAuthProfile> {
  const answer = endpoints.emails === undefined ? [] : await ask(endpoints.emails, { headers }).catch(() => []);
  const emails = Array.isArray(answer) ? answer.map(fields) : [];
  const verified = emails.filter((entry) => entry.verified === true);
  const best = verified.find((entry) => entry.primary === true) ?? verified[0];
  return {
    id: identifier(user.id),
    email: text(best?.email) ?? text(user.email),
    isEmailVerified: text(best?.email) !== null,
    name: text(user.name) ?? text(user.login),
    picture: text(user.avatar_url),
  };
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  try {
    const response = await requestProvider(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = await limitedText(response);
    if (body === null) throw fault('answered too much');
    if (!response.ok) throw fault(`answered ${response.status}`);
    return JSON.parse(body);
  } catch (error) {
    throw error instanceof KernelError ? error : fault('could not be asked', error);
  }
}

function identifier(value: unknown): string {
  const id = typeof value === 'number' ? String(value) : text(value);
  if (id === null || id.length > 255) throw fault('did not say who it was');
  return id;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw fault('answered in another form');
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function fault(what: string, cause?: unknown): KernelError {
  return new KernelError('E_OAUTH', `The provider ${what}`, cause === undefined ? {} : { cause });
}
