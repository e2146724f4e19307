import { ValidationError } from '../../../base/errors.js';
import { jsonLoss } from '../../../base/json-loss.js';

/** Largest body of a message, bytes: receivers expect small ones. */
const MOST_BYTES = 262_144;

/** The body of a message. @throws ValidationError for data that JSON cannot carry, or too much of it */
export function messageBody({ event, data, at }: { event: string; data: unknown; at: Date }): string {
  const body = written({ event, data: data ?? null, timestamp: at.toISOString() });
  const loss = jsonLoss(data, body);
  if (loss) throw fault(`cannot be written as JSON (${loss} has no form in it); pass plain data`);
  const bytes = Buffer.byteLength(body);
  if (bytes <= MOST_BYTES) return body;
  throw fault(`is ${bytes} bytes as JSON, more than ${MOST_BYTES}; send an id and let receivers ask for the rest`);
}

function written(message: object): string {
  try {
    return JSON.stringify(message);
  } catch (error) {
    throw fault('cannot be written as JSON; pass plain data', error);
  }
}

function fault(msg: string, cause?: unknown): ValidationError {
  return new ValidationError([{ loc: ['body', 'data'], msg, type: 'webhook_data' }], undefined, { cause });
}
