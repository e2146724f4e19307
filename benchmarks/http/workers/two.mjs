import { startWorkers } from './start-workers.mjs';

export const start = (settings) => startWorkers(2, settings);
