import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { PEER_NAMES } from './contestants.mjs';

const ENGINES = ['sqlite', 'postgres', 'mysql'];
const MEMORY = '/dev/shm';
const ROUNDS = 15;
const SECONDS = 0.2;

/**
 * The flags of README.md, defaults filled in.
 * @throws Error naming the flag.
 */
export function readFlags(args) {
  const text = { type: 'string' };
  const { values } = parseArgs({
    args,
    options: {
      engine: text,
      only: text,
      peers: text,
      rounds: text,
      seconds: text,
      folder: text,
      large: { type: 'boolean' },
    },
  });
  return {
    engines: subset('engine', values.engine, ENGINES),
    peers: values.peers === 'none' ? [] : subset('peers', values.peers, PEER_NAMES),
    only: values.only?.split(',') ?? [''],
    rounds: positive('rounds', values.rounds ?? ROUNDS),
    seconds: positive('seconds', values.seconds ?? SECONDS),
    large: values.large ?? false,
    folder: values.folder ?? (existsSync(MEMORY) ? MEMORY : tmpdir()),
  };
}

function subset(flag, given, all) {
  const wanted = given?.split(',') ?? all;
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`--${flag} ${unknown.join()} is unknown; there are: ${all.join(', ')}`);
  return wanted;
}

function positive(flag, given) {
  const number = Number(given);
  if (!(number > 0)) throw new Error(`--${flag} must be a number above 0`);
  return number;
}
