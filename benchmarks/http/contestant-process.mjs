// Serves one contestant until its parent says stop: fork(contestant-process.mjs, ['{"kind", "contestant", …}'])
import { once } from 'node:events';

const settings = JSON.parse(process.argv[2]);
const { start } = await import(`./${settings.kind}/${settings.contestant}.mjs`);
const { server, port, tokens = [], close, usage = ownUsage } = await start(settings);
if (server && !server.listening) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

process.on('message', async (message) => {
  if (message === 'cpu') process.send(usage());
  if (message !== 'stop') return;
  server?.closeAllConnections();
  await close?.();
  process.exit(0);
});
process.once('disconnect', () => process.exit(1)); // who measures was ended
process.send({ port: port ?? server.address().port, tokens });

function ownUsage() {
  return { cpu: process.cpuUsage(), rss: process.memoryUsage.rss() };
}
