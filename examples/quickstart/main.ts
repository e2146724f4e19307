import { createQuickstart } from './service.js';
import { tourCommands } from './tour.js';

const port = Number(process.env.PORT ?? 8000);
const service = createQuickstart();
await service.listen(port, '127.0.0.1');

const baseUrl = `http://127.0.0.1:${service.port}`;
console.log(`
  quickstart is running

  API      ${baseUrl}/api/v1
  Docs     ${baseUrl}/docs
  Health   ${baseUrl}/readyz
  Mailbox  ${baseUrl}/_kernel/mail

  A tour, to paste into another terminal:

${tourCommands(baseUrl)
  .map((command) => `    ${command}`)
  .join('\n')}
`);
