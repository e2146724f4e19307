import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const ONE_WAY_MS = 1;
const PROGRAM = fileURLToPath(import.meta.url);

/**
 * A way to `url` on which every packet takes 1 ms in each direction, in a process of its own so that it takes no time of
 * who is measured. Answers `{ url, close }`.
 */
export async function startDelayProxy(url) {
  const target = new URL(url);
  const child = fork(PROGRAM, [target.hostname, target.port]);
  const [port] = await once(child, 'message');
  const own = new URL(url);
  own.host = `127.0.0.1:${port}`;
  return {
    url: own.toString(),
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

async function serve(host, port) {
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host, port, noDelay: true });
    forward(near, far);
    forward(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send(server.address().port);
  process.on('disconnect', () => process.exit());
}

/** Timers of one length fire in the order they were set, so bytes stay in order. */
function forward(from, to) {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), ONE_WAY_MS));
  from.on('close', () => setTimeout(() => to.destroy(), ONE_WAY_MS));
  from.on('error', () => to.destroy());
}

if (process.argv[1] === PROGRAM) await serve(process.argv[2], Number(process.argv[3]));
