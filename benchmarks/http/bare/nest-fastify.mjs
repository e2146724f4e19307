import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startNest } from './nest.mjs';

export const start = () => startNest(new FastifyAdapter());
