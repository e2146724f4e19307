import { afterEach, beforeEach, expect, it } from 'vitest';
import { AUTH_BACKENDS, openTestAuth, signUp, type TestAuth } from '../features/auth/harness.js';

const [database] = AUTH_BACKENDS;
let test: TestAuth;

beforeEach(async () => {
  if (database) test = await openTestAuth(database);
});

afterEach(() => test.close());

it('megabytes in a credential are refused before anything looks at them', async () => {
  const huge = 'p'.repeat(1_000_000);
  const { access } = await signUp(test.app);
  const attempts: Array<[string, object]> = [
    ['/auth/register', { username: 'a@example.com', password: huge }],
    ['/auth/register', { username: huge, password: 'seven quiet herons' }],
    ['/auth/login', { username: 'a@example.com', password: huge }],
    ['/auth/refresh', { refresh_token: huge }],
    ['/auth/change-password', { old_password: 'x', new_password: huge }],
    ['/auth/logout', { refresh_token: huge }],
  ];

  for (const [path, body] of attempts) {
    expect([path, (await test.app.send('POST', path, { body, token: access })).status]).toEqual([path, 413]);
  }
});
