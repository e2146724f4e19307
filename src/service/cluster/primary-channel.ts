import { kernelMessage, type ToPrimary, type ToWorker } from './messages.js';

/** Hears what `app-kernel start` says to this worker. @returns what ends it */
export function hearPrimary(hear: (message: ToWorker) => void): () => void {
  const listener = (message: unknown): void => {
    const known = kernelMessage<ToWorker>(message);
    if (known) hear(known);
  };
  process.on('message', listener);
  return () => process.off('message', listener);
}

/** A primary that is gone takes its workers with it; nobody is told of it here. */
export function tellPrimary(message: ToPrimary): void {
  process.send?.(message, undefined, undefined, () => {});
}
