import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { canonicalAddress } from './ip-address.js';

/** Read once per connection: its end does not move, and spelling it cost more than matching the route. */
const peers = new WeakMap<Socket, string>();

/** The parts of a Koa context that an address is read from. */
interface AddressedContext {
  req: IncomingMessage;
  state: { ipAddress?: string | null };
}

/** The client's address behind the trusted proxies; null where the socket is already gone. */
export function getRealIp(ctx: AddressedContext): string | null {
  return ctx.state.ipAddress === undefined ? peerAddress(ctx.req) : ctx.state.ipAddress;
}

/**
 * The address `trustedHops` proxies in front of this process saw. Each proxy appends the peer it saw to
 * `X-Forwarded-For`, so only the last `trustedHops` entries are facts; all before them is the client's own claim.
 */
export function clientAddress(req: IncomingMessage, trustedHops: number): string | null {
  const peer = peerAddress(req);
  if (trustedHops <= 0) return peer;
  const forwarded = forwardedFor(req).slice(-trustedHops);
  for (const entry of forwarded) {
    const address = canonicalAddress(entry);
    if (address !== undefined) return address;
  }
  return peer;
}

/** Who is really at the other end of the socket, whatever the headers say. */
export function peerAddress({ socket }: IncomingMessage): string | null {
  let peer: string | null | undefined = peers.get(socket);
  if (peer === undefined) {
    peer = canonicalAddress(socket.remoteAddress ?? '') ?? null;
    if (peer !== null) peers.set(socket, peer);
  }
  return peer;
}

const FORWARDING_HEADERS = ['forwarded', 'via', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'];

/** True where a header says that a proxy passed the request on: then the peer is not the one who asks. */
export function isForwarded({ headers }: IncomingMessage): boolean {
  if (FORWARDING_HEADERS.some((name) => headers[name] !== undefined)) return true;
  return Object.keys(headers).some((name) => name.startsWith('x-forwarded-'));
}

function forwardedFor(req: IncomingMessage): string[] {
  const header = req.headers['x-forwarded-for'];
  const text = Array.isArray(header) ? header.join(',') : (header ?? '');
  return text === '' ? [] : text.split(',');
}
