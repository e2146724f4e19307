import { setTimeout as sleep } from 'node:timers/promises';

const QUIET_MS = 150;
const SPREAD_MS = 250;

/**
 * Waits before the server is asked again who waits for a lock. MariaDB answers what it answered before, whoever asks, until
 * nobody has asked for a tenth of a second; the waits differ, so that two who ask do not keep each other from the news.
 */
export function untilLocksAreShownAnew(): Promise<void> {
  return sleep(QUIET_MS + Math.random() * SPREAD_MS);
}
