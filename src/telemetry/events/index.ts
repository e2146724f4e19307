export { DeadLetters } from './dead-letters.js';
export type { DrainLimits } from './drain.js';
export type { EventChannel } from './event-channel.js';
export { EventHub, type EventHubOptions, eventHubService, getEventHub } from './event-hub.js';
export type { DeadLetter, KernelEvent } from './event-queue.js';
export { Publisher, type PublisherLimits } from './publisher.js';
