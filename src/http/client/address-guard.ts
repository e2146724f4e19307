import { lookup as lookupLocally } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { KernelError } from '../../base/errors.js';
import { type HostResolver, resolveByDns } from './host-resolver.js';

type Address = ReturnType<typeof ipaddr.parse>;
type Network = [Address, number];

/** What IANA has given out for global unicast; everything else in IPv6 is special. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
/** Inside of it, for protocols, documentation and tunnels: they reach what they embed, or nobody. */
const NOT_GLOBAL = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'].map((cidr) => ipaddr.parseCIDR(cidr));
/** A name may have many addresses; these many are tried. */
const MOST_ADDRESSES = 8;

/**
 * Keeps requests to addresses that others name inside the public internet: names are resolved here, each address is looked
 * at, and the connection goes to the very addresses that passed, so that a second answer of the DNS cannot lead elsewhere.
 */
export class AddressGuard {
  readonly #allowed: readonly Network[];
  readonly #resolve: HostResolver;

  /** @param allowedNetworks `10.1.0.0/16`, `127.0.0.1`: what may be reached although it is not public */
  constructor(allowedNetworks: readonly string[] = [], resolve: HostResolver = resolveByDns) {
    this.#allowed = allowedNetworks.map(parseNetwork);
    this.#resolve = resolve;
  }

  /** @throws KernelError `E_ADDRESS_REFUSED` for a URL whose host is an address that may not be reached. */
  assertHost({ hostname }: URL): void {
    const literal = hostname.replace(/^\[|\]$/g, '');
    if (ipaddr.isValid(literal) && !this.#admits(literal)) throw refusal(hostname);
  }

  /** For `net.connect`: resolves a name, and answers only what may be reached. It is not asked about hosts that are addresses. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.addressesOf(hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all) callback(null, [...addresses]);
        else callback(null, first?.address ?? '', first?.family);
      },
      (error: Error) => callback(error, ''),
    );
  };

  /**
   * The addresses of a name that may be reached, at least one.
   * @throws KernelError `E_ADDRESS_REFUSED` where none may be; the fault of the DNS where it has none
   */
  async addressesOf(hostname: string): Promise<Array<{ address: string; family: 4 | 6 }>> {
    const found = isLocal(hostname) ? await ownAddresses() : await this.#resolve(hostname);
    const admitted = found.filter((address) => this.#admits(address)).slice(0, MOST_ADDRESSES);
    if (admitted.length === 0) throw refusal(hostname);
    return admitted.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 }));
  }

  #admits(text: string): boolean {
    if (!ipaddr.isValid(text) || text.includes('%')) return false; // a zone is a place on this very link
    const address = ipaddr.parse(text);
    return isPublic(address) || this.#allowed.some((network) => isWithin(address, network));
  }
}

/** @throws RangeError for what is neither an address nor a network */
export function parseNetwork(text: string): Network {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) throw new RangeError(`"${text}" is no network; write 10.1.0.0/16 or 127.0.0.1`);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv6' ? 128 : 32];
}

/** What wraps an IPv4 address in an IPv6 one is never public here, whatever is wrapped. */
function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv4') return true;
  return isWithin(address, GLOBAL_UNICAST) && !NOT_GLOBAL.some((network) => isWithin(address, network));
}

function isWithin(address: Address, [network, bits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** RFC 6761: such names are this machine, whatever a DNS may say. */
function isLocal(hostname: string): boolean {
  return /(^|\.)localhost\.?$/i.test(hostname);
}

async function ownAddresses(): Promise<string[]> {
  const found = await lookupLocally('localhost', { all: true });
  return found.map(({ address }) => address);
}

/** It does not say which address that was: it would tell strangers what an inner network looks like. */
function refusal(hostname: string): KernelError {
  return new KernelError('E_ADDRESS_REFUSED', `${hostname} is not at a public address, and no other may be reached`);
}
