import { SchemaError } from '../../base/errors.js';

/** How much of the past is kept. Where both are given, a version goes only when both let it go. */
export interface HistoryRetention {
  /** `asOf` any moment of these last days stays right. */
  readonly days?: number;
  /** So many of the newest versions of every row stay, however old. */
  readonly keepLast?: number;
}

/** @throws SchemaError for bounds that say nothing, or of a history that is not kept. */
export function checkRetention(
  owner: string,
  { history, historyRetention }: { history?: boolean; historyRetention?: HistoryRetention },
): HistoryRetention | undefined {
  if (historyRetention === undefined) return undefined;
  if (history === false) throw new SchemaError(`${owner} keeps no history; leave its historyRetention out`);
  const { days, keepLast } = historyRetention;
  const bounds = [days, keepLast].filter((bound) => bound !== undefined);
  if (bounds.length === 0 || bounds.some((bound) => !(Number.isSafeInteger(bound) && bound > 0)))
    throw new SchemaError(`historyRetention of ${owner} needs days or keepLast (or both), whole numbers from 1`);
  return { ...(days !== undefined && { days }), ...(keepLast !== undefined && { keepLast }) };
}
