import 'reflect-metadata';
import helmet from '@fastify/helmet';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Body, Controller, HttpCode, Module, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import { LoggerModule } from 'nestjs-pino';
import { z } from 'zod';
import { declareParameters, decorate, decorateMethod, decorateParameter } from '../decorate.mjs';
import { confirm, LIMIT, ORIGIN, WINDOW_MS } from '../workload.mjs';
import { durations } from './durations.mjs';
import { KEY, signTokens } from './tokens.mjs';

const Order = z.object({ sku: z.string(), quantity: z.int(), note: z.string() });

class AuthGuard {
  constructor(tokens) {
    this.tokens = tokens;
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer') throw new UnauthorizedException();
    try {
      request.user = await this.tokens.verifyAsync(token);
    } catch {
      throw new UnauthorizedException();
    }
    return true;
  }
}
declareParameters(AuthGuard, JwtService);

/** Counts by user, as everybody else does. */
class UserThrottlerGuard extends ThrottlerGuard {
  async getTracker(request) {
    return request.user.sub;
  }
}

class OrderController {
  create(body, request) {
    return confirm(body, request.user.sub);
  }
}
decorate(OrderController, Controller('api/v1/orders'));
decorateMethod(OrderController, 'create', Post(), HttpCode(200), UseGuards(AuthGuard, UserThrottlerGuard));
decorateParameter(OrderController, 'create', 0, Body({ transform: (value) => Order.parse(value) }));
decorateParameter(OrderController, 'create', 1, Req());

/** Nest on Fastify with the packages its own documentation names. */
export async function start({ redisUrl }) {
  const redis = new Redis(redisUrl);
  const duration = durations();
  class AppModule {}
  decorate(
    AppModule,
    Module({
      imports: [
        LoggerModule.forRoot(),
        JwtModule.register({ secret: KEY }),
        ThrottlerModule.forRoot({
          throttlers: [{ limit: LIMIT, ttl: WINDOW_MS }],
          storage: new ThrottlerStorageRedisService(redis),
        }),
      ],
      controllers: [OrderController],
    }),
  );
  const app = await NestFactory.create(AppModule, new FastifyAdapter({ requestIdHeader: 'x-request-id' }), {
    logger: false,
  });
  await app.register(helmet);
  app.enableCors({ origin: [ORIGIN], credentials: true });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', async (request, reply) => {
    reply.header('X-Request-ID', request.id);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url, status: reply.statusCode };
    duration.observe(labels, reply.elapsedTime / 1000);
  });
  await app.init();
  await fastify.ready();
  return { server: app.getHttpServer(), tokens: signTokens(), close: () => redis.quit() };
}
