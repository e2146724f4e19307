import { FakeCloud } from './fake-cloud.js';
import { ADMIN, createDeployer } from './service.js';

const port = Number(process.env.PORT ?? 8000);
const cloudUrl = process.env.FAKE_CLOUD_URL ?? (await FakeCloud.start(0, { delayMs: 3_000 })).url;
const service = createDeployer(cloudUrl);
await service.listen(port, '127.0.0.1');

const api = `http://127.0.0.1:${service.port}/api/v1`;
console.log(`
  The deployer is running; its cloud is a fake one, at ${cloudUrl}

    TOKEN=$(curl -s ${api}/auth/login -H 'Content-Type: application/json' -d '${JSON.stringify({ username: ADMIN.email, password: ADMIN.password })}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
    curl -sN ${api}/deployments -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"app":"shop","servers":2}'

  and meanwhile, with the task_id that it says first:

    curl -s -X POST ${api}/tasks/<task_id>/cancel -H "Authorization: Bearer $TOKEN"
`);
