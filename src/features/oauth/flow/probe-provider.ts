import { randomToken } from '../../../base/ids.js';
import { authorizationUrl, exchangeForm, limitedText, requestProvider } from './provider-request.js';
import type { Provider, ProviderEndpoints } from './providers.js';

export interface ProbeOptions {
  callbackUrl: string;
  /** Longest wait for each answer, its body included, ms. */
  timeoutMs: number;
}

/** How an endpoint answered somebody who has not signed in: its status, or why there is none. */
export interface EndpointAnswer {
  endpoint: Exclude<keyof ProviderEndpoints, 'issuer' | 'token'>;
  url: string;
  status?: number;
  fault?: unknown;
}

/**
 * What the token endpoint says of a code that nobody issued. `code`: it refuses the code alone; a provider may look at
 * the code before it looks at the client, so this proves no secret. `client`: it does not know the client, or its secret
 * is another one. `callback`: the client has not registered our callback. `none`: it took the code, which no provider does.
 * `unclear`: it said something else.
 */
export type ClientVerdict = 'code' | 'client' | 'callback' | 'none' | 'unclear';

/** Of RFC 6749, and what GitHub says in their place. */
const VERDICTS: Readonly<Record<string, ClientVerdict>> = {
  invalid_grant: 'code',
  bad_verification_code: 'code',
  invalid_client: 'client',
  unauthorized_client: 'client',
  incorrect_client_credentials: 'client',
  redirect_uri_mismatch: 'callback',
};

/** Asks every endpoint that a sign-in needs, but for the one that takes codes. Nobody is signed in. */
export function probeEndpoints(
  provider: Provider,
  { callbackUrl, timeoutMs }: ProbeOptions,
): Promise<EndpointAnswer[]> {
  const { authorize, userinfo, emails } = provider.endpoints;
  const [state, nonce, challenge] = [randomToken(), randomToken(), randomToken()];
  const asked: Array<[EndpointAnswer['endpoint'], string, string]> = [
    ['authorize', authorize, authorizationUrl(provider, { callbackUrl, state, nonce, challenge })],
    ['userinfo', userinfo, userinfo],
    ...(emails === undefined ? [] : [['emails', emails, emails] as ['emails', string, string]]),
  ];
  return Promise.all(
    asked.map(async ([endpoint, url, target]) => {
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await requestProvider(target, { redirect: 'manual', signal });
        await response.body?.cancel();
        return { endpoint, url, status: response.status };
      } catch (fault) {
        return { endpoint, url, fault };
      }
    }),
  );
}

/**
 * Sends the token endpoint a made-up code, with the client as a sign-in would.
 * @throws what `fetch` throws where it cannot be asked
 */
export async function probeClient(
  provider: Provider,
  { callbackUrl, timeoutMs }: ProbeOptions,
): Promise<{ verdict: ClientVerdict; status: number }> {
  const response = await requestProvider(provider.endpoints.token, {
    method: 'POST',
    body: exchangeForm(provider, { code: randomToken(), callbackUrl }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const said = objectOf(await limitedText(response));
  if (response.ok && 'access_token' in said) return { verdict: 'none', status: response.status };
  const verdict =
    typeof said.error === 'string' && Object.hasOwn(VERDICTS, said.error) ? VERDICTS[said.error] : undefined;
  return { verdict: verdict ?? 'unclear', status: response.status };
}

function objectOf(text: string | null): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
