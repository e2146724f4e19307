import { ValidationError } from '../../../base/errors.js';
import { MAX_RECORD } from './max-record.js';
import { RecordEnds } from './record-ends.js';

const LINE_END = Buffer.from('\n');

/**
 * The bytes of a CSV file in pieces that end where a record ends; the last record may lack its line end and gets one.
 * @throws ValidationError for a record that is too long, and for a file that ends inside a quoted value.
 */
export async function* wholeRecords(
  source: AsyncIterable<Uint8Array>,
  maxRecord: number = MAX_RECORD,
): AsyncGenerator<Buffer> {
  const ends = new RecordEnds();
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const bytes of source) {
    const chunk = bytes as Buffer;
    const end = ends.lastIn(chunk);
    length += chunk.length;
    if (length - Math.max(end, 0) > maxRecord) throw fault('is longer than any record may be');
    if (end === 0) {
      waiting.push(chunk);
      continue;
    }
    yield joined(waiting, chunk.subarray(0, end));
    waiting = [chunk.subarray(end)];
    length = chunk.length - end;
  }
  if (ends.isQuoted) throw fault('ends inside a quoted value');
  if (length > 0) yield joined(waiting, LINE_END);
}

function joined(waiting: readonly Buffer[], last: Buffer): Buffer {
  return waiting.length === 0 ? last : Buffer.concat([...waiting, last]);
}

function fault(what: string): ValidationError {
  return new ValidationError([], `The last record of the CSV file ${what}`);
}
