import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { decorate, decorateMethod } from '../decorate.mjs';
import { HELLO } from '../workload.mjs';

class HelloController {
  hello() {
    return HELLO;
  }
}
decorate(HelloController, Controller());
decorateMethod(HelloController, 'hello', Get('hello'));

class HelloModule {}
decorate(HelloModule, Module({ controllers: [HelloController] }));

/** Nest on one of its adapters. */
export async function startNest(adapter) {
  const app = await NestFactory.create(HelloModule, adapter, { logger: false });
  await app.init();
  await app.getHttpAdapter().getInstance().ready?.();
  return { server: app.getHttpServer() };
}
