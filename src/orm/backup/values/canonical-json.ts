import { randomBytes } from 'node:crypto';
import { canonicalJson } from '../../entity/codec.js';
import { cellValue, csvCell } from '../csv/csv-cell.js';
import { plainJson, plainJsonCell } from './plain-json.js';

/** A number that a double may not hold exactly, somewhere in the text. */
const MAY_BE_INEXACT = /\d[\d.]{15,}|\d[eE]/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * A JSON document as the one text that every engine gives for it: members sorted, numbers in their shortest form. A number
 * that JavaScript cannot hold keeps all of its digits. What is no JSON, or is nested too deeply to be read, stays as it is.
 */
export function canonicalJsonText(text: string): string {
  return plainJson(text) ?? anyJson(text);
}

/** The same for the cell of a CSV file, whose characters are the bytes of UTF-8. */
export function canonicalJsonCell(cell: string): string {
  const plain = plainJsonCell(cell);
  if (plain !== undefined) return plain;
  const text = Buffer.from(cellValue(cell, 0, cell.length) as string, 'latin1').toString();
  return Buffer.from(csvCell(anyJson(text))).toString('latin1');
}

/** Documents of every kind. */
export function anyJson(text: string): string {
  try {
    return MAY_BE_INEXACT.test(text) ? withExactNumbers(text) : sortedText(JSON.parse(text));
  } catch {
    return text;
  }
}

/** What `canonicalJson` gives, three times faster where an object can hold its members in their order. */
function sortedText(value: unknown): string {
  const sorted = sortedCopy(value);
  return sorted === undefined ? canonicalJson(value) : JSON.stringify(sorted);
}

/** JavaScript puts members that look like an index first, whatever order they are given in. */
const KEEPS_NO_PLACE = /^\d|^__proto__$/;

/** The value itself where all of its members are in order; `undefined` where no object can have them so. */
function sortedCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(sortedCopy);
    return items.includes(undefined) ? undefined : items;
  }
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    const member = KEEPS_NO_PLACE.test(name) ? undefined : sortedCopy((value as Record<string, unknown>)[name]);
    if (member === undefined) return undefined;
    copy[name] = member;
  }
  return copy;
}

/** Numbers that would be rounded travel through the parser as strings that nothing else in the text can be. */
function withExactNumbers(text: string): string {
  const mark = randomBytes(12).toString('hex');
  const marked = text.replace(STRING_OR_NUMBER, (piece) => {
    const exact = piece.startsWith('"') ? undefined : exactNumber(piece);
    return exact === undefined ? piece : `"${mark}${exact}"`;
  });
  return canonicalJson(JSON.parse(marked)).replaceAll(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
}

/** The shortest text of a number that a double cannot hold; `undefined` for one that it can. */
function exactNumber(text: string): string | undefined {
  const value = decimalParts(text);
  const asDouble = Number(text);
  if (Number.isFinite(asDouble)) {
    const rounded = decimalParts(String(asDouble));
    if (rounded.digits === value.digits && rounded.exponent === value.exponent) return undefined;
  }
  const { sign, digits, exponent } = value;
  return exponent === 0 ? `${sign}${digits}` : `${sign}${digits}e${exponent}`;
}

/** `-12.50` is -125 × 10^-1: digits without zeros at either end. */
function decimalParts(text: string): { sign: string; digits: string; exponent: number } {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return { sign: '', digits: '0', exponent: 0 };
  return { sign, digits, exponent: Number(exponent) - fraction.length + all.length - digits.length };
}
