import { KernelError } from '../base/errors.js';

/** What was written for `--option`, from 1 to `most`. @throws KernelError `E_CLI` */
export function wholeNumber(option: string, written: string, most: number): number {
  const number = Number(written);
  if (Number.isSafeInteger(number) && number >= 1 && number <= most) return number;
  throw new KernelError('E_CLI', `--${option} ${written} is no whole number from 1 to ${most}`);
}
