import { Resolver } from 'node:dns/promises';

/** The addresses of a name, at least one. @throws where there are none */
export type HostResolver = (hostname: string) => Promise<readonly string[]>;

/** Longest wait for one answer, ms, and how often is asked. */
const PATIENCE = { timeout: 2_000, tries: 2 };
const resolver = new Resolver(PATIENCE);

/**
 * Asks the DNS itself. The system's own look-up would also read the hosts file and the names of the local network, and it
 * keeps one of a few threads busy for as long as a server does not answer: a tarpit would stop everybody else's.
 */
export function resolveByDns(hostname: string): Promise<readonly string[]> {
  return askBoth(resolver, hostname);
}

/** IPv4 first. A name that has addresses of one kind alone is fine. */
export async function askBoth(
  dns: Pick<Resolver, 'resolve4' | 'resolve6'>,
  hostname: string,
): Promise<readonly string[]> {
  const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length > 0) return found;
  throw (answers[0] as PromiseRejectedResult).reason;
}
