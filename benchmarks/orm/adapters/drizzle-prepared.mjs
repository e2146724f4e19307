export { openPrepared as open } from './drizzle.mjs';
