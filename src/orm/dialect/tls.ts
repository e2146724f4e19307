import { readFileSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { SchemaError } from '../../base/errors.js';
import { type UrlParameters, urlFault } from './url-parameters.js';

/** What TLS is made with, as `node:tls` takes it. */
type Material = Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'minVersion'>;

/** `true` verifies certificate and host name, against `ca` where it is given, else against the authorities of Node. */
export type SslOption = boolean | (Material & { rejectUnauthorized?: boolean });

/** A line to a server that is encrypted. */
export interface TlsSettings {
  /** Whether the certificate's authority is checked, and its host name as well. */
  readonly verify: 'nothing' | 'authority' | 'identity';
  readonly material: Material;
}

const PLAIN = 'plain';

/** The words of both servers' own clients. `prefer` and `allow` are left out: who sits on the line decides for plain text. */
const MODES: Readonly<Record<string, TlsSettings['verify'] | typeof PLAIN>> = {
  disable: PLAIN,
  disabled: PLAIN,
  require: 'nothing',
  required: 'nothing',
  'no-verify': 'nothing',
  'verify-ca': 'authority',
  verify_ca: 'authority',
  'verify-full': 'identity',
  verify_identity: 'identity',
};

/** Parameters of a URL that say how it is encrypted. */
export const TLS_PARAMETERS = ['sslmode', 'ssl-mode', 'sslrootcert', 'sslcert', 'sslkey'] as const;

/**
 * What `connect(url, { ssl })` and `?sslmode=` ask for together; `undefined` for a line that is not encrypted.
 * @throws SchemaError for an unknown mode, a file that cannot be read, and where the two contradict each other.
 */
export function tlsSettings(ssl: SslOption | undefined, parameters: UrlParameters): TlsSettings | undefined {
  const mode = parameters.text('sslmode', 'ssl-mode');
  const byUrl = mode === undefined ? undefined : verifyOf(mode);
  const byOption = verifyOfOption(ssl);
  if (byUrl !== undefined && byOption !== undefined && isContradiction(byUrl, ssl)) {
    throw new SchemaError(`The option ssl and sslmode=${mode} of the URL contradict each other; leave one of them out`);
  }
  const verify = byUrl ?? byOption ?? PLAIN;
  if (verify === PLAIN) return undefined;
  return { verify, material: { ...materialOfUrl(parameters), ...materialOfOption(ssl) } };
}

const TLS_FAULT =
  /^(ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|CERT_|HOSTNAME_MISMATCH|HANDSHAKE_SSL|HANDSHAKE_NO_SSL)/;

/** Whether an encrypted line failed for what it is, so that more tries do not help. */
export function isTlsFault(code: string): boolean {
  return TLS_FAULT.test(code);
}

/** What to do about it. */
export const TLS_MEND = 'give the authority of its certificate as ssl: { ca }, and the host by the name in it';

function verifyOf(mode: string): TlsSettings['verify'] | typeof PLAIN {
  const name = mode.toLowerCase();
  const verify = Object.hasOwn(MODES, name) ? MODES[name] : undefined;
  if (verify) return verify;
  throw urlFault(`has the unknown sslmode "${mode}"`, 'sslmode=disable, require, verify-ca or verify-full');
}

function verifyOfOption(ssl: SslOption | undefined): TlsSettings['verify'] | typeof PLAIN | undefined {
  if (ssl === undefined) return undefined;
  if (ssl === false) return PLAIN;
  return ssl !== true && ssl.rejectUnauthorized === false ? 'nothing' : 'identity';
}

/** A certificate beside any mode but `disable` is no contradiction: the one says what with, the other how strictly. */
function isContradiction(byUrl: TlsSettings['verify'] | typeof PLAIN, ssl: SslOption | undefined): boolean {
  if ((byUrl === PLAIN) !== (ssl === false)) return true;
  const lax = typeof ssl === 'object' && ssl.rejectUnauthorized === false;
  return lax && byUrl !== 'nothing' && byUrl !== PLAIN;
}

function materialOfOption(ssl: SslOption | undefined): Material {
  if (typeof ssl !== 'object') return {};
  const { rejectUnauthorized: _, ...material } = ssl;
  return material;
}

function materialOfUrl(parameters: UrlParameters): Material {
  const ca = readPem(parameters, 'sslrootcert');
  const cert = readPem(parameters, 'sslcert');
  const key = readPem(parameters, 'sslkey');
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

function readPem(parameters: UrlParameters, name: string): Buffer | undefined {
  const file = parameters.text(name);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SchemaError(`The file that ${name} names cannot be read: ${file}`, { cause: error });
  }
}
