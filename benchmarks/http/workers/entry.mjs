// One process of `app-kernel start`: the first signs everybody in, and says so to who started them all.
import { writeFileSync } from 'node:fs';
import { start } from '../production/ours.mjs';

const { TOKENS_FILE, SETTINGS, APP_KERNEL_WORKER = '1/1' } = process.env;
const isFirst = APP_KERNEL_WORKER.startsWith('1/');
const { tokens } = await start({ ...JSON.parse(SETTINGS), tokens: isFirst ? undefined : [] });
if (isFirst) writeFileSync(TOKENS_FILE, JSON.stringify(tokens));
