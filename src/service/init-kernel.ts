import type Koa from 'koa';
import { KernelError } from '../base/errors.js';
import type { KernelParts } from './kernel-parts.js';
import { KernelRuntime } from './kernel-runtime.js';
import type { KernelSettings } from './settings.js';

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
 */
export function initAppKernel(app: Koa, settings: KernelSettings, parts: KernelParts = {}): KernelRuntime {
  if (kernels.has(app)) throw new KernelError('E_CONFIG', 'This application has a kernel already');
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
