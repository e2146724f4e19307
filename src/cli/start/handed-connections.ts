import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:cluster';

/** What node:cluster says to a worker with a connection, and what the worker answers when it has taken it. */
interface ClusterMessage {
  act?: string;
  seq?: number;
  ack?: number;
}

interface Closable {
  close(): void;
}

/**
 * Closes the connections that a worker was handed and had not taken when it was killed: node:cluster keeps them open for
 * good, and their clients would wait for an answer that nobody writes. Closed, they ask again.
 */
export function closeUntaken(worker: Worker): void {
  const child: ChildProcess = worker.process;
  const untaken = new Map<number, Closable>();
  const send = child.send.bind(child) as (...given: unknown[]) => boolean;
  child.send = ((message: ClusterMessage, handle: unknown, ...rest: unknown[]): boolean => {
    if (message?.act === 'newconn' && message.seq !== undefined && isClosable(handle)) untaken.set(message.seq, handle);
    return send(message, handle, ...rest);
  }) as ChildProcess['send'];
  child.on('internalMessage', ({ ack }: ClusterMessage) => {
    if (ack !== undefined) untaken.delete(ack);
  });
  worker.once('exit', () => {
    for (const connection of untaken.values()) connection.close();
    untaken.clear();
  });
}

function isClosable(handle: unknown): handle is Closable {
  return typeof (handle as Partial<Closable> | undefined)?.close === 'function';
}
