import { BadRequestError } from '../errors.js';
import { refusePrototypeKeys } from './parse-json.js';

const MAX_PAIRS = 1000;

/** The fields of an urlencoded body; a field that comes more than once is an array. Names are never paths. */
export function parseForm(bytes: Buffer): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null);
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(bytes.toString('utf8'))) {
    if (++pairs > MAX_PAIRS) throw new BadRequestError(`A form may have at most ${MAX_PAIRS} fields`);
    const known = fields[name];
    if (known === undefined) fields[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else fields[name] = [known, value];
  }
  refusePrototypeKeys(fields);
  return fields;
}
