import { wireTypeOf } from './wire-values.js';

const HEADER_BYTES = 4;
/** Most bytes of one packet; a packet that is as long goes on in the next one. */
const FULL = 0xff_ff_ff;

const QUIT = 0x01;
const QUERY = 0x03;
const STATEMENT_PREPARE = 0x16;
const STATEMENT_EXECUTE = 0x17;
const STATEMENT_CLOSE = 0x19;
const STATEMENT_FETCH = 0x1c;

/** Where the rows of a result go: all to the client, or into a cursor of the server, which only reads. */
const ALL_ROWS = 0;
export const INTO_CURSOR = 1;

/** A statement as text, which may be of any kind and has no parameters. */
export function queryRequest(sql: string): Buffer {
  return textRequest(QUERY, sql);
}

export function prepareRequest(sql: string): Buffer {
  return textRequest(STATEMENT_PREPARE, sql);
}

/** A prepared statement with its parameters. @throws ValidationError for parameters that are no single values. */
export function executeRequest(statementId: number, params: readonly unknown[], rowsGo = ALL_ROWS): Buffer {
  const types = params.map(wireTypeOf);
  let size = 10 + (params.length === 0 ? 0 : bitmapBytes(params) + 1 + 2 * params.length);
  for (const [index, type] of types.entries()) size += type.size(params[index]);

  const request = Buffer.allocUnsafe(HEADER_BYTES + size);
  let at = request.writeUInt8(STATEMENT_EXECUTE, HEADER_BYTES);
  at = request.writeUInt32LE(statementId, at);
  at = request.writeUInt8(rowsGo, at);
  at = request.writeUInt32LE(1, at); // once
  if (params.length === 0) return framed(request);
  at = writeNulls(request, at, params);
  at = request.writeUInt8(1, at); // types follow
  for (const { code } of types) at = request.writeUInt16LE(code, at);
  for (const [index, type] of types.entries()) at = type.write(request, at, params[index]);
  return framed(request);
}

/** The next rows of the cursor that a statement has, at most so many. */
export function fetchRequest(statementId: number, rows: number): Buffer {
  const request = Buffer.allocUnsafe(HEADER_BYTES + 9);
  const at = request.writeUInt32LE(statementId, request.writeUInt8(STATEMENT_FETCH, HEADER_BYTES));
  request.writeUInt32LE(rows, at);
  return framed(request);
}

/** Lets go of a prepared statement. There is no answer. */
export function closeRequest(statementId: number): Buffer {
  const request = Buffer.allocUnsafe(HEADER_BYTES + 5);
  request.writeUInt32LE(statementId, request.writeUInt8(STATEMENT_CLOSE, HEADER_BYTES));
  return framed(request);
}

/** Says goodbye. There is no answer. */
export function quitRequest(): Buffer {
  return textRequest(QUIT, '');
}

function textRequest(command: number, text: string): Buffer {
  const request = Buffer.allocUnsafe(HEADER_BYTES + 1 + Buffer.byteLength(text));
  request.write(text, request.writeUInt8(command, HEADER_BYTES));
  return framed(request);
}

/** One bit per parameter. */
function writeNulls(request: Buffer, at: number, params: readonly unknown[]): number {
  const end = at + bitmapBytes(params);
  request.fill(0, at, end);
  for (const [index, value] of params.entries()) {
    if (value === null) request[at + (index >> 3)] = (request[at + (index >> 3)] as number) | (1 << (index & 7));
  }
  return end;
}

function bitmapBytes(params: readonly unknown[]): number {
  return (params.length + 7) >> 3;
}

/** Fills in the header in front of a payload, which is cut into packets where it is too long for one. */
function framed(request: Buffer): Buffer {
  const size = request.length - HEADER_BYTES;
  if (size < FULL) {
    request.writeUInt8(0, request.writeUIntLE(size, 0, 3));
    return request;
  }
  const packets: Buffer[] = [];
  for (let at = HEADER_BYTES, number = 0; at <= request.length; at += FULL, number++) {
    const payload = request.subarray(at, at + FULL);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(number & 0xff, header.writeUIntLE(payload.length, 0, 3));
    packets.push(header, payload);
  }
  return Buffer.concat(packets);
}
