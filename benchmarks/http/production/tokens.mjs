import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { SECRET, userIds } from '../workload.mjs';

/** A string in its place makes jsonwebtoken derive the key anew for each token, at several times the cost. */
export const KEY = createSecretKey(Buffer.from(SECRET));

export function signTokens() {
  return userIds().map((sub) => jwt.sign({ sub, role: 'user' }, KEY, { algorithm: 'HS256', expiresIn: '1h' }));
}

/** The same token, from now on for an hour. */
export function prolonged(token) {
  const { exp: _, iat: __, ...claims } = jwt.decode(token);
  return jwt.sign(claims, KEY, { algorithm: 'HS256', expiresIn: '1h' });
}
