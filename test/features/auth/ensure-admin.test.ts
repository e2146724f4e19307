import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordHasher, ensureAdmin } from '../../../src/features/auth/index.js';
import { AUTH_BACKENDS, openTestAuth, PASSWORD, signIn, signUp, type TestAuth } from './harness.js';

const admin = { email: 'root@example.com', password: 'eleven calm herons' };
const hasher = createPasswordHasher({ cost: 4 });

for (const backend of AUTH_BACKENDS) {
  describe(`the first admin (${backend.name})`, () => {
    let test: TestAuth;

    beforeEach(async () => {
      test = await openTestAuth(backend);
    });

    afterEach(() => test.close());

    it('is made, and can sign in', async () => {
      expect(await ensureAdmin(admin, test.userStore, hasher)).toBe(true);
      const { access } = await signIn(test.app, admin.email, admin.password);
      expect((await test.app.send('GET', '/auth/me', { token: access })).body.role).toBe('admin');
    });

    it('is kept: a changed password is not put back', async () => {
      await ensureAdmin(admin, test.userStore, hasher);
      const existing = await test.userStore.getByUsername(admin.email);
      await test.userStore.updatePassword(existing?.id ?? '', await hasher.hash('thirteen calm herons'));
      expect(await ensureAdmin(admin, test.userStore, hasher)).toBe(false);
      await signIn(test.app, admin.email, 'thirteen calm herons');
    });

    it('is made once by several instances that start together', async () => {
      await Promise.all(Array.from({ length: 5 }, () => ensureAdmin(admin, test.userStore, hasher)));
      expect((await test.userStore.getByUsername(admin.email))?.role).toBe('admin');
    });

    it('an account that somebody else registered under the address is not promoted', async () => {
      await signUp(test.app, admin.email);
      await expect(ensureAdmin(admin, test.userStore, hasher)).rejects.toThrow(
        /root@example.com is an ordinary account/,
      );
      expect((await test.userStore.getByUsername(admin.email))?.role).toBe('user');
    });

    it('an account of the same password is promoted, as after a crash between making and promoting it', async () => {
      await signUp(test.app, admin.email);
      expect(await ensureAdmin({ ...admin, password: PASSWORD }, test.userStore, hasher)).toBe(true);
      expect((await test.userStore.getByUsername(admin.email))?.role).toBe('admin');
    });

    it('a weak password is refused without being named', async () => {
      const weak = ensureAdmin({ email: admin.email, password: 'password1' }, test.userStore, hasher);
      await expect(weak).rejects.toMatchObject({
        code: 'E_VALIDATION',
        message: expect.not.stringContaining('password1'),
      });
    });
  });
}
