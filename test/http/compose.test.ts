import { describe, expect, it } from 'vitest';
import { compose, type HttpContext, type HttpMiddleware } from '../../src/http/index.js';

const ctx = {} as HttpContext;

describe('composed middleware', () => {
  it('runs in order, in and out again, and ends with what follows', async () => {
    const order: string[] = [];
    const stage = (name: string): HttpMiddleware => {
      return async (_ctx, next) => {
        order.push(`${name} in`);
        await next();
        order.push(`${name} out`);
      };
    };

    await compose([stage('a'), stage('b')])(ctx, async () => order.push('end'));

    expect(order).toEqual(['a in', 'b in', 'end', 'b out', 'a out']);
  });

  it('does not run twice what follows', async () => {
    const twice: HttpMiddleware = async (_ctx, next) => {
      await next();
      await next();
    };

    await expect(compose([twice, (_ctx, next) => next()])(ctx, async () => undefined)).rejects.toThrow(
      'twice called next() twice',
    );
  });

  it('turns what is thrown at once into a rejection', async () => {
    const thrower: HttpMiddleware = () => {
      throw new Error('at once');
    };

    await expect(compose([(_ctx, next) => next(), thrower])(ctx, async () => undefined)).rejects.toThrow('at once');
  });
});
