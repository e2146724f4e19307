import { ConstraintError } from '../../../base/errors.js';
import type { SessionHandle } from '../../../orm/index.js';
import { KernelAuditState } from '../entities.js';

/** Names of what is kept. */
export const CHAIN_END = 'chain-end';
/** The last record that retention removed: the chain begins after it. */
export const CHAIN_TRIMMED = 'chain-trimmed';
/** Whose log it is. */
export const OWNER = 'owner';

/** One value by its name; '' where there is none. */
export async function readState(name: string, on: { db: SessionHandle }): Promise<string> {
  return (await KernelAuditState.get(name, on))?.value ?? '';
}

export async function writeState(name: string, value: string, on: { db: SessionHandle }): Promise<void> {
  await ensureState(name, on);
  await KernelAuditState.update(name, { value }, on);
}

/** Makes the row of a name. One that somebody else has made meanwhile keeps its value: nothing is said of it. */
export async function ensureState(name: string, on: { db: SessionHandle }): Promise<void> {
  if (await KernelAuditState.get(name, on)) return;
  try {
    await KernelAuditState.save({ id: name }, on);
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error; // another instance has made it
  }
}
