import { ConfigError, type ConfigFault } from '../../base/errors.js';
import { suggestion } from '../entity/naming.js';

/** What an option must be. */
export interface OptionRule {
  /** Completes the sentence "must be …". */
  readonly wanted: string;
  /** A value that holds, as it is written. */
  readonly example: string;
  holds(value: unknown): boolean;
}

/** The longest wait that a timer of Node keeps; a longer one ends at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function whole(least: number, example: number, most = 10_000): OptionRule {
  const holds = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
  return { wanted: `a whole number from ${least} to ${most}`, example: String(example), holds };
}

/** A time that a timer is set to. */
export function milliseconds(least: number, example: number): OptionRule {
  return { ...whole(least, example, MAX_TIMER_MS), wanted: `whole milliseconds from ${least} to ${MAX_TIMER_MS}` };
}

/** @throws ConfigError that names every unknown or malformed option with its mend, and no value that may be secret. */
export function checkOptions(title: string, options: object, rules: Readonly<Record<string, OptionRule>>): void {
  const faults = Object.entries(options).flatMap(([field, value]): ConfigFault[] => {
    if (value === undefined) return [];
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (!rule) return [unknownOption(field, Object.keys(rules))];
    if (rule.holds(value)) return [];
    const fault = `must be ${rule.wanted}, not ${describe(value)}`;
    return [{ field, fault, mend: `Write for example ${field}: ${rule.example}` }];
  });
  if (faults.length > 0) throw new ConfigError(title, faults);
}

function unknownOption(field: string, known: readonly string[]): ConfigFault {
  return { field, fault: `is no option${suggestion(field, known)}`, mend: `Options are ${known.join(', ')}` };
}

function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value) ? 'such a list' : `a ${typeof value}`;
}
