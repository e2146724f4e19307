import {
  type ClientVerdict,
  callbackUrl,
  type EndpointAnswer,
  type ProbeOptions,
  type Provider,
  probeClient,
  probeEndpoints,
} from '../../features/oauth/index.js';
import { hasOAuth, oauthPath, providersOf } from '../../service/oauth.js';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, networkReasonOf, ok, warning } from './finding.js';

const TIMEOUT_MS = 5_000;
const SIGN_IN_ONCE = 'Sign in once: only that shows whether id and secret are right';

/** Are the providers there, and do they know our client? Nobody is signed in. */
export async function checkOAuth(settings: KernelSettings): Promise<Finding[]> {
  const { publicUrl } = settings.oauth;
  if (!hasOAuth(settings) || publicUrl === null) return [];
  const path = oauthPath(settings);
  const found = await Promise.all(
    providersOf(settings).map((provider) => checkProvider(provider, callbackUrl({ publicUrl, path }, provider.name))),
  );
  return found.flat();
}

async function checkProvider(provider: Provider, callback: string): Promise<Finding[]> {
  const options = { callbackUrl: callback, timeoutMs: TIMEOUT_MS };
  const [answers, client] = await Promise.all([probeEndpoints(provider, options), clientFinding(provider, options)]);
  const faults = answers.flatMap((answer) => endpointFault(provider, answer));
  const fine = ok(subjectOf(provider), `its pages answer; people come back to ${callback}`);
  return [...(faults.length > 0 ? faults : [fine]), client];
}

/** Whoever has not signed in is sent on, or refused; both are answers. */
function endpointFault(provider: Provider, { endpoint, url, status, fault: thrown }: EndpointAnswer): Finding[] {
  const what = `its ${endpoint} endpoint ${url}`;
  if (status === undefined) return [unreached(provider, what, thrown)];
  if (endpoint === 'authorize' && isElsewhere(status)) return [];
  return statusFault(provider, endpoint, what, status);
}

async function clientFinding(provider: Provider, options: ProbeOptions): Promise<Finding> {
  const what = `its token endpoint ${provider.endpoints.token}`;
  try {
    const { verdict, status } = await probeClient(provider, options);
    if (verdict !== 'unclear') return verdictFinding(provider, verdict, options.callbackUrl);
    const [found] = statusFault(provider, 'token', what, status);
    const message = `${what} answers a made-up code with ${status}, which says nothing of id and secret`;
    return found ?? warning(subjectOf(provider), message, SIGN_IN_ONCE);
  } catch (error) {
    return unreached(provider, what, error);
  }
}

function verdictFinding(provider: Provider, verdict: Exclude<ClientVerdict, 'unclear'>, callback: string): Finding {
  const subject = subjectOf(provider);
  switch (verdict) {
    case 'code':
      return ok(subject, 'it objects to a made-up code and not to the client, which alone does not prove the secret');
    case 'client': {
      const setting = provider.name === 'google' ? 'oauthGoogle' : 'oauthGithub';
      const mend = `Set ${setting}, or OAUTH_PROVIDERS, to the id and the secret that ${provider.name} shows`;
      return fault(subject, 'it does not take the client: the id is unknown, or the secret is another one', mend);
    }
    case 'callback':
      return fault(subject, `${callback} is not registered there`, 'Register it there, or set publicUrl');
    case 'none':
      return warning(subject, 'it takes a made-up code, so that nothing is known of id and secret', SIGN_IN_ONCE);
  }
}

function statusFault(provider: Provider, endpoint: string, what: string, status: number): Finding[] {
  const subject = subjectOf(provider);
  if (status >= 500) return [fault(subject, `${what} answers ${status}`, 'Look again in a minute')];
  if (status !== 404 && status !== 405 && !isElsewhere(status)) return [];
  const mend = `Look whether the client is still there; set oauthEndpoints.${provider.name}.${endpoint} for tests alone`;
  return [fault(subject, `${what} answers ${status}`, mend)];
}

function unreached(provider: Provider, what: string, error: unknown): Finding {
  const message = `${what} cannot be reached (${networkReasonOf(error)})`;
  return fault(subjectOf(provider), message, 'Let the service reach it through the firewall');
}

function isElsewhere(status: number): boolean {
  return status >= 300 && status < 400;
}

function subjectOf({ name }: Provider): string {
  return `oauth ${name}`;
}
