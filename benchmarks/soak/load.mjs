import { Agent, request } from 'node:http';

/** Asks without a pause, and keeps count of what is answered, by status and code. */
export class Load {
  #agent;
  #port;
  #tokens;
  #loops = [];
  #isEnding = false;
  #asked = 0;
  /** `201`, `503 E_CONNECTION`, `ECONNRESET` → how often. */
  answers = new Map();
  /** Ids of the orders that the service said it has. */
  acknowledged = new Set();
  jobs = 0;

  constructor({ port, tokens, connections }) {
    this.#port = port;
    this.#tokens = tokens;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#loops = Array.from({ length: connections }, () => this.#loop());
  }

  async end() {
    this.#isEnding = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #loop() {
    while (!this.#isEnding) {
      const asked = this.#asked++;
      const answer = await ask({ agent: this.#agent, port: this.#port, ...this.#next(asked) }).catch((error) => error);
      const said = nameOf(answer);
      this.answers.set(said, (this.answers.get(said) ?? 0) + 1);
      if (answer.status === 201) this.acknowledged.add(answer.body.id);
      if (answer.body?.jobId) this.jobs += 1;
      if (answer.status === undefined || answer.status >= 500) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #next(asked) {
    const token = this.#tokens[asked % this.#tokens.length];
    if (asked % 4 === 0) return { path: '/api/v1/latest' };
    if (asked % 4 === 1) return { path: '/api/v1/jobs', method: 'POST', token };
    return { path: '/api/v1/orders', method: 'POST', token, json: { sku: `sku-${asked}`, quantity: asked % 9 } };
  }
}

function nameOf(answer) {
  if (answer instanceof Error) return answer.code ?? answer.message;
  return answer.status < 400 ? String(answer.status) : `${answer.status} ${answer.body?.code ?? ''}`.trim();
}

/** @returns `{ status, body }`; nothing is tried again. */
export function ask({ agent, port, path, method = 'GET', token, json }) {
  const body = json && JSON.stringify(json);
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent, timeout: 30_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, body: text ? JSON.parse(text) : undefined });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('error', reject);
    sent.end(body);
  });
}
