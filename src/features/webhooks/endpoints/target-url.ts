import { AddressGuard } from '../../../http/index.js';

export interface TargetRules {
  /** Whether plain `http:` will do. */
  allowHttp: boolean;
  /** Networks that may be reached although they are not public. */
  allowedNetworks: readonly string[];
}

const MAX_LENGTH = 2_000;

/**
 * What is wrong with a URL that events shall be sent to; undefined where nothing is that can be seen without asking the DNS:
 * what a name leads to is looked at whenever something is sent.
 */
export function faultOfTarget(text: string, { allowHttp, allowedNetworks }: TargetRules): string | undefined {
  const url = text.length <= MAX_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return 'Give the URL of a server: https://…';
  if (url.protocol === 'http:' && !allowHttp) return 'Give an https: URL';
  if (url.username || url.password) return 'Leave user and password out; check the signature instead';
  try {
    new AddressGuard(allowedNetworks).assertHost(url);
  } catch {
    return 'Name a server on the public internet';
  }
  return undefined;
}
