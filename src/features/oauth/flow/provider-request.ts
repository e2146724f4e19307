import type { Provider } from './providers.js';

const MAX_BYTES = 256 * 1024;

/** What is sent for a code. */
export interface ExchangedCode {
  code: string;
  /** Left out where no challenge was made. */
  verifier?: string;
  callbackUrl: string;
}

export interface Authorization {
  callbackUrl: string;
  state: string;
  nonce: string;
  /** PKCE, S256. */
  challenge: string;
}

/** Where the provider sends people back to; it has to be registered there. `path`: of the routes. */
export function callbackUrl({ publicUrl, path }: { publicUrl: string; path: string }, provider: string): string {
  return new URL(`${path}/${provider}/callback`, publicUrl).href;
}

/** The page of the provider where people say yes. */
export function authorizationUrl(provider: Provider, { callbackUrl, state, nonce, challenge }: Authorization): string {
  const url = new URL(provider.endpoints.authorize);
  const parameters = {
    client_id: provider.clientId,
    redirect_uri: callbackUrl,
    response_type: 'code',
    scope: provider.scopes.join(' '),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(provider.hasIdToken && { nonce }),
    ...provider.parameters,
  };
  for (const [parameter, value] of Object.entries(parameters)) url.searchParams.set(parameter, value);
  return url.href;
}

/** The form that turns a code into tokens. */
export function exchangeForm({ clientId, clientSecret }: Provider, exchanged: ExchangedCode): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: clientId,
    client_secret: clientSecret,
    code: exchanged.code,
    ...(exchanged.verifier !== undefined && { code_verifier: exchanged.verifier }),
    redirect_uri: exchanged.callbackUrl,
  });
}

/** `fetch`, as providers want to be asked. */
export function requestProvider(url: string, init: RequestInit): Promise<Response> {
  const headers = { accept: 'application/json', 'user-agent': 'app-kernel', ...init.headers };
  return fetch(url, { ...init, headers });
}

/** The body; null where it is longer than a provider has to say. */
export async function limitedText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
