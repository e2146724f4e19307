/**
 * What a thread of the pool runs. A text, so that it needs no file beside it, whatever bundles or compiles this one.
 * It is told `{ run: { module, data, context } }` and `{ abort: fault }`, and tells `{ progress }`, `{ log }` and, at the
 * end of a run, `{ done: { result } }` or `{ done: { fault } }`.
 */
export const THREAD_PROGRAM = `
const { parentPort } = require('node:worker_threads');
let controller;
function faultOf(error) {
  if (error instanceof Error) return { name: error.name, message: error.message, code: error.code };
  return { name: 'Error', message: String(error) };
}
function errorOf({ name, message, code }) {
  return Object.assign(new Error(message), { name, ...(code && { code }) });
}
async function run({ module, data, context }) {
  const loaded = await import(module);
  const handle = loaded.handle ?? loaded.default;
  if (typeof handle !== 'function') throw new TypeError(module + ' exports no function "handle"');
  return handle(data, {
    ...context,
    signal: controller.signal,
    progress: async (amount) => parentPort.postMessage({ progress: Number(amount) }),
    log: async (message) => parentPort.postMessage({ log: String(message) }),
  });
}
function tellResult(result) {
  try {
    parentPort.postMessage({ done: { result } });
  } catch (error) {
    parentPort.postMessage({ done: { unkept: faultOf(error).message } });
  }
}
parentPort.on('message', (told) => {
  if (told.abort) return controller?.abort(errorOf(told.abort));
  controller = new AbortController();
  run(told.run).then(tellResult, (error) => parentPort.postMessage({ done: { fault: faultOf(error) } }));
});
`;
