import { ExpressAdapter } from '@nestjs/platform-express';
import { startNest } from './nest.mjs';

export const start = () => startNest(new ExpressAdapter());
