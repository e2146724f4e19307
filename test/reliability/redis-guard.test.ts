import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../src/base/errors.js';
import { RedisGuard } from '../../src/reliability/redis-guard.js';

describe('what a command of Redis comes to', () => {
  it('is its answer', async () => {
    expect(await new RedisGuard().run(async () => 'PONG')).toBe('PONG');
  });

  it('is a kernel error, whether the command is refused or the client cannot take it', async () => {
    const guard = new RedisGuard();
    const refused = guard.run(() => Promise.reject(new Error('READONLY')));
    await expect(refused).rejects.toThrow(ConnectionError);
    const untaken = guard.run(() => {
      throw new TypeError('no such command');
    });
    await expect(untaken).rejects.toThrow(ConnectionError);
  });

  it('is an error when no answer comes in time', async () => {
    const silent = new RedisGuard({ timeoutMs: 20 }).run(() => new Promise(() => {}));
    await expect(silent).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  });
});
