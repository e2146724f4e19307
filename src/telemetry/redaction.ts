/** Parts of a key name that mark a secret wherever they occur, in lower case without separators. */
const SECRET_PARTS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'authorization',
  'cookie',
  'apikey',
  'privatekey',
  'accesskey',
  'signingkey',
  'encryptionkey',
  'credential',
];
/** Endings that mark a secret; elsewhere in a name (`token_count`) they do not. */
const SECRET_ENDINGS = ['token', 'tokens', 'pwd', 'jwt', 'otp', 'tokenhash', 'keyhash', 'dsn', 'recoverycodes'];

export const REDACTED = '[redacted]';

/** Whether a field of this name holds a secret: `password`, `x-api-key`, `refreshToken`, `jwt_secret`, … */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return SECRET_PARTS.some((part) => plain.includes(part)) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
}

/** Each pattern reads a text once, whatever is in it: no part can match what the part before it could give back. */
const SECRETS_IN_TEXT: ReadonlyArray<readonly [hint: string, pattern: RegExp, replacement: string]> = [
  ['://', /(:\/\/[^\s/?#@:]*):[^\s/?#]*@/g, `$1:${REDACTED}@`],
  ['earer ', /(\b[Bb]earer )[\w.~+/=-]+/g, `$1${REDACTED}`],
  ['asic ', /(\b[Bb]asic )[\w+/=]{8,}/g, `$1${REDACTED}`],
  ['eyJ', /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, REDACTED],
];
const QUERY_PARAMETER = /([?&])([\w.-]{1,64})=([^&\s#"']*)/g;

/** `text` without passwords in URLs, bearer and basic credentials, JWTs, and secret query parameters. */
export function redactText(text: string): string {
  let redacted = text;
  for (const [hint, pattern, replacement] of SECRETS_IN_TEXT) {
    if (redacted.includes(hint)) redacted = redacted.replace(pattern, replacement);
  }
  if (!redacted.includes('=')) return redacted;
  return redacted.replace(QUERY_PARAMETER, (match, mark: string, name: string) =>
    isSecretName(name) || name === 'code' ? `${mark}${name}=${REDACTED}` : match,
  );
}
