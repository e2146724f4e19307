/** About 125 bytes of JSON, the same for everybody. */
const payload = (n) => ({
  to: 'someone@example.com',
  subject: 'Welcome to the service',
  template: 'welcome',
  locale: 'en',
  attempt: 1,
  n,
});

const BULK = 1000;
const range = (count) => Array.from({ length: count }, (_, n) => n);

async function fill(queue, jobs) {
  for (let from = 0; from < jobs; from += BULK) await queue.addMany(range(Math.min(BULK, jobs - from)).map(payload));
}

/** Rows of `bars`: each measures one contestant and answers its `value`, with its CPU per job where it is timed; `better` says which way. */
export const ROWS = {
  'process, remove on complete': { unit: 'jobs/s', jobs: 20_000, better: 'more', run: (q, n) => drain(q, n, {}) },
  'process, results kept': { unit: 'jobs/s', jobs: 20_000, better: 'more', run: (q, n) => drain(q, n, { kept: true }) },
  'bulk enqueue': { unit: 'jobs/s', jobs: 20_000, better: 'more', run: (q, n) => timed(n, () => fill(q, n)) },
  'enqueue, 100 callers': {
    unit: 'jobs/s',
    jobs: 20_000,
    better: 'more',
    run: (q, n) => timed(n, () => add(q, n, 100)),
  },
  'enqueue, one caller': { unit: 'jobs/s', jobs: 8000, better: 'more', run: (q, n) => timed(n, () => add(q, n, 1)) },
  'process, nothing ahead, 50 in flight': {
    unit: 'jobs/s',
    jobs: 10_000,
    better: 'more',
    run: (q, n) => drain(q, n, { inFlight: 50, ahead: false }),
  },
  'process, strictly serial': {
    unit: 'jobs/s',
    jobs: 8000, // with 2000 nobody's code was warm
    better: 'more',
    run: (q, n) => drain(q, n, { inFlight: 1, ahead: false }),
  },
  'bytes per waiting job': { unit: 'bytes', jobs: 20_000, better: 'less', run: weigh },
  'latency from enqueue to start, p50': { unit: 'ms', jobs: 300, better: 'less', run: latency },
};

/** Jobs per second from now to the call of what it answers, and this process's CPU for each, µs. */
function stopwatch(jobs) {
  const began = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { value: (jobs * 1000) / (performance.now() - began), cpuMicros: (user + system) / jobs };
  };
}

async function timed(jobs, work) {
  await work(); // to be warm
  const stop = stopwatch(jobs);
  await work();
  return stop();
}

async function add(queue, jobs, callers) {
  let next = 0;
  const call = async () => {
    while (next < jobs) await queue.add(payload(next++));
  };
  await Promise.all(range(callers).map(call));
}

/** As many jobs again come first and are not counted: everybody's code is warm by then. */
async function drain(queue, jobs, options) {
  await fill(queue, 2 * jobs);
  let done = 0;
  let stop;
  let finish;
  const finished = new Promise((resolve) => {
    finish = resolve;
  });
  const onJob = () => {
    done += 1;
    if (done === jobs) stop = stopwatch(jobs);
    if (done === 2 * jobs) finish();
  };
  await queue.work(onJob, options);
  await finished;
  return stop();
}

async function weigh(queue, jobs, { memory }) {
  const before = await memory();
  if (before === undefined) return {};
  await fill(queue, jobs);
  return { value: ((await memory()) - before) / jobs };
}

/** One job every few ms: nobody waits for another. */
async function latency(queue, jobs) {
  const waits = [];
  let arrived;
  await queue.work(({ n, at }) => {
    if (at === undefined) return;
    waits.push(performance.now() - at);
    arrived?.(n);
  });
  for (let n = 0; n < jobs; n++) {
    const started = new Promise((resolve) => {
      arrived = resolve;
    });
    await queue.add({ ...payload(n), at: performance.now() });
    await started;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  return { value: waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)] };
}
