import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that a system gives to connections that go out: none of those can take one before the server does, nor
 * while it is down and about to come back.
 */
const FIRST = 20_000;
const PORTS = 12_000;
const TRIES = 100;

/** Who was given a port may listen on it later only: a group of twelve drew one twice about once in 200 times. */
const given = new Set();

/** A TCP port of 127.0.0.1 that nobody listens on and that this process was not given before. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + randomInt(PORTS);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${FIRST} to ${FIRST + PORTS} is free`);
}

async function isFree(port) {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
