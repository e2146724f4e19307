import { findBinary } from './child-server.mjs';

/** The path of an installed Chromium, if there is one. */
export function findChromium() {
  return findBinary('chromium', 'chromium-browser', 'google-chrome');
}
