import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Services } from '../../src/base/services.js';
import { eventHubService } from '../../src/telemetry/index.js';

/** Resolves once everything that was noted so far is stored: requests are noted in the turn after their answers. */
export async function nothingWaits(services: Services): Promise<void> {
  const hub = services.get(eventHubService);
  if (!hub) throw new Error('There is no hub of events');
  await nextTurn();
  await nextTurn();
  for (;;) {
    await hub.settle();
    const states = await Promise.all(hub.channels.map((channel) => hub.state(channel)));
    if (states.every(({ waiting, taken }) => waiting + taken === 0)) return;
    await nextTurn(); // a drain of the service itself holds a batch
  }
}
