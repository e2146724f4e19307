// Loads one server in a process of its own: node load-process.mjs '{"port", "path", "seconds", …}' prints what it saw
import autocannon from 'autocannon';

const { port, path, method, body, headers, tokens, connections, seconds, amount } = JSON.parse(process.argv[2]);
const withToken = (token) => ({
  path,
  method,
  body,
  headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
});

let lastAt = 0;
const startedAt = performance.now();
const load = autocannon({
  url: `http://127.0.0.1:${port}`,
  connections,
  ...(amount ? { amount } : { duration: seconds }),
  requests: tokens.length > 0 ? tokens.map(withToken) : [withToken()],
});
load.on('response', () => {
  lastAt = performance.now();
});
const { requests, latency, non2xx, errors } = await load;
const answered = requests.total;
process.stdout.write(
  JSON.stringify({
    answered,
    perSecond: (answered * 1000) / (lastAt - startedAt), // the load ends by whole seconds
    p50: latency.p50,
    p99: latency.p99,
    failed: non2xx + errors,
  }),
);
