import { type Clock, systemClock } from '../../base/clock.js';
import { type AuthConfig, decodeToken, type TokenPayload } from './tokens.js';

const MAX_REMEMBERED = 10_000;

/**
 * Verifies a token, and remembers the good ones by their whole text: the signature of a token that comes with every
 * request of a session need not be computed each time (22 of the 250 µs that a request took). What can change is asked
 * each time: whether it has expired here, whether session and user are still good by `AuthState`.
 */
export function verifyOnce({
  config,
  clock = systemClock,
}: {
  config: AuthConfig;
  clock?: Clock | undefined;
}): (token: string) => TokenPayload {
  const { tokenSecret: secret, issuer, audience } = config;
  const remembered = new Map<string, TokenPayload>();

  return function verify(token) {
    const known = remembered.get(token);
    if (known?.exp && known.exp.getTime() > clock.now()) return known;
    const payload = decodeToken(token, { secret, issuer, audience, clock });
    remembered.delete(token);
    remembered.set(token, payload);
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value ?? '');
    return payload;
  };
}
