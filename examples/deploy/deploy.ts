import { TaskCancelled, TaskStream } from 'app-kernel';
import type { Cloud } from './cloud.js';

export interface Deployment {
  app: string;
  servers: number;
}

/**
 * Provisions servers, starts the app on each and points a domain at them; cancelled, or failing, at whatever step, it leaves
 * nothing behind. Undos are said before what they undo is made. Those that are jobs survive this process; a container
 * goes with its droplet, so that its undo may be a mere function.
 */
export async function* deploy({ app, servers }: Deployment, cloud: Cloud): AsyncGenerator<string> {
  await using stream = new TaskStream('deploy');
  const names = Array.from({ length: servers }, (_, index) => `${stream.taskId}-${index + 1}`);
  const domain = `${stream.taskId}.example.com`;
  try {
    yield stream.log(`Provisioning ${servers} servers`);
    for (const name of names) await stream.onCancelTask('destroy_droplet', { name }).kept;
    await stream.cancellableGather(...names.map((name) => (signal: AbortSignal) => cloud.createDroplet(name, signal)));

    for (const name of names) {
      yield stream.log(`Starting ${app} on ${name}`);
      stream.onCancel(() => cloud.removeContainer(name, app));
      await stream.cancellable((signal) => cloud.startContainer(name, app, signal));
    }

    yield stream.log(`Pointing ${domain} at them`);
    await stream.onCancelTask('remove_domain', { domain }).kept;
    await stream.cancellable((signal) => cloud.pointDomain(domain, names, signal));

    yield stream.event('urls', { endpoints: names, domain, url: `https://${domain}` });
    stream.check(); // from here on it is there to stay
    yield stream.complete(true, { result: { domain, servers: names } });
  } catch (error) {
    yield stream.log('Undoing what was made', 'warning');
    await stream.runCleanups();
    yield stream.complete(false, {
      error: error instanceof TaskCancelled ? 'Cancelled by user' : 'The deployment failed and was undone',
    });
  }
}
