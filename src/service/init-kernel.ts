import type Koa from 'koa';
import { ConfigError, KernelError } from '../base/errors.js';
import { checkJwtSecret, type EnvironmentName, getEnv } from './env/index.js';
import type { KernelParts } from './kernel-parts.js';
import { KernelRuntime } from './kernel-runtime.js';
import type { KernelSettings } from './settings/settings.js';

declare module '../http/request-state.js' {
  interface KernelState {
    /** The kernel that serves this request. */
    kernel?: KernelRuntime;
  }
}

const kernels = new WeakMap<object, KernelRuntime>();

/**
 * Puts a kernel on a Koa application of your own. Middleware that was `use`d before runs outside the kernel's pipeline,
 * what is `use`d afterwards inside it. Connects nothing: call `kernel.ready()` before listening, `kernel.close()` at the end.
 * @throws ConfigError in production, for a signing secret that can be guessed.
 */
export function initAppKernel(app: Koa, settings: KernelSettings, parts: KernelParts = {}): KernelRuntime {
  if (kernels.has(app)) throw new KernelError('E_CONFIG', 'This application has a kernel already');
  refuseWeakSecret(settings, parts.environment ?? getEnv());
  const kernel = new KernelRuntime(app, settings, parts);
  kernels.set(app, kernel);
  return kernel;
}

/** @throws KernelError when `initAppKernel` was not called on `app`. */
export function getKernel(app: Koa): KernelRuntime {
  const kernel = kernels.get(app);
  if (kernel) return kernel;
  throw new KernelError('E_NOT_STARTED', 'This application has no kernel; call initAppKernel(app, settings) first');
}

function refuseWeakSecret({ auth }: KernelSettings, environment: EnvironmentName): void {
  const [passed, fault] = checkJwtSecret({ jwtSecret: auth.tokenSecret });
  if (passed || !auth.enabled || environment !== 'prod') return;
  const mend = 'Set it to 32 or more random characters: openssl rand -base64 48';
  throw new ConfigError('The kernel cannot start in PROD:', [{ field: 'auth.tokenSecret', fault, mend }]);
}
