import { ValidationError } from '../../../base/errors.js';
import { isoToRaw } from '../column-codecs.js';

/** How parameters of one kind go over the wire. */
export interface WireType<T = unknown> {
  /** The protocol's number for it. */
  readonly code: number;
  size(value: T): number;
  /** @returns where the next value goes. */
  write(buffer: Buffer, at: number, value: T): number;
}

const NULL: WireType = { code: 6, size: () => 0, write: (_buffer, at) => at };

const INTEGER: WireType<number> = {
  code: 8,
  size: () => 8,
  write: (buffer, at, value) => {
    const next = buffer.writeUInt32LE(value >>> 0, at);
    return buffer.writeInt32LE(Math.floor(value / 0x1_0000_0000), next);
  },
};

const DOUBLE: WireType<number> = {
  code: 5,
  size: () => 8,
  write: (buffer, at, value) => buffer.writeDoubleLE(value, at),
};

const BIGINT: WireType<bigint> = {
  code: 8,
  size: () => 8,
  write: (buffer, at, value) => buffer.writeBigInt64LE(value, at),
};

const BOOLEAN: WireType<boolean> = {
  code: 1,
  size: () => 1,
  write: (buffer, at, value) => buffer.writeInt8(value ? 1 : 0, at),
};

const TEXT: WireType<string> = {
  code: 253,
  size: (value) => withLength(Buffer.byteLength(value)),
  write: (buffer, at, value) => {
    const start = writeLength(buffer, at, Buffer.byteLength(value));
    return start + buffer.write(value, start);
  },
};

/** Beyond 64 bits there are only decimals. */
const HUGE: WireType<bigint> = {
  code: 246,
  size: (value) => TEXT.size(String(value)),
  write: (buffer, at, value) => TEXT.write(buffer, at, String(value)),
};

const BYTES: WireType<Uint8Array> = {
  code: 252,
  size: (value) => withLength(value.length),
  write: (buffer, at, value) => {
    const start = writeLength(buffer, at, value.length);
    buffer.set(value, start);
    return start + value.length;
  },
};

/** @throws ValidationError for arrays and objects, which must never become SQL. */
export function wireTypeOf(value: unknown): WireType {
  switch (typeof value) {
    case 'string':
      return TEXT as WireType;
    case 'number':
      return (Number.isSafeInteger(value) ? INTEGER : DOUBLE) as WireType;
    case 'bigint':
      return (BigInt.asIntN(64, value) === value ? BIGINT : HUGE) as WireType;
    case 'boolean':
      return BOOLEAN as WireType;
    default:
      if (value === null) return NULL;
      if (value instanceof Uint8Array) return BYTES as WireType;
      throw refusal(value);
  }
}

/** A parameter of a hand-written statement. @throws ValidationError for what is no single value. */
export function bind(value: unknown): unknown {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return isoToRaw(value.toISOString());
  wireTypeOf(value);
  return value;
}

function withLength(size: number): number {
  return size < 0xfb ? 1 + size : size < 0x1_0000 ? 3 + size : size < 0x100_0000 ? 4 + size : 9 + size;
}

function writeLength(buffer: Buffer, at: number, size: number): number {
  if (size < 0xfb) return buffer.writeUInt8(size, at);
  if (size < 0x1_0000) return buffer.writeUInt16LE(size, buffer.writeUInt8(0xfc, at));
  if (size < 0x100_0000) return buffer.writeUIntLE(size, buffer.writeUInt8(0xfd, at), 3);
  return buffer.writeBigUInt64LE(BigInt(size), buffer.writeUInt8(0xfe, at));
}

function refusal(value: unknown): ValidationError {
  const kind = value === undefined ? 'undefined' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
  return new ValidationError([], `A parameter cannot be ${kind}; pass text, numbers, booleans, dates, bytes or null`);
}
