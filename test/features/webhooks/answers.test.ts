import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type OutgoingMessage,
  sendMessage,
  type Transport,
} from '../../../src/features/webhooks/delivery/send-message.js';
import { newSecret } from '../../../src/features/webhooks/signature.js';
import { type Answer, answering, hang, openReceiver, type Receiver } from './receiver.js';

const MEBIBYTE = Buffer.alloc(1_048_576, 'x');
let receiver: Receiver;

beforeEach(async () => {
  receiver = await openReceiver();
});
afterEach(() => receiver.close());

async function sent(answer: Answer, changes: Partial<OutgoingMessage & Transport> = {}) {
  receiver.answer = answer;
  const { allowHttp = true, timeoutSeconds = 1, resolveHost, signal, ...message } = { signal: undefined, ...changes };
  const outgoing = { id: 'm1', url: receiver.url, event: 'a', body: '{}', secrets: [newSecret()], now: Date.now() };
  const transport = { allowHttp, timeoutSeconds, allowedNetworks: ['127.0.0.1'], ...(resolveHost && { resolveHost }) };
  return sendMessage({ ...outgoing, ...message }, transport, signal ?? new AbortController().signal);
}

/** Sends for ever, or until nobody listens; resolves with the bytes that went out. */
function endless(chunk: Buffer, everyMs: number): { answer: Answer; ended: Promise<number> } {
  let resolve: (bytes: number) => void = () => {};
  const ended = new Promise<number>((settle) => {
    resolve = settle;
  });
  const answer: Answer = (response) => {
    let bytes = 0;
    response.writeHead(200);
    const timer = setInterval(() => {
      bytes += chunk.length;
      response.write(chunk);
    }, everyMs);
    response.on('close', () => {
      clearInterval(timer);
      resolve(bytes);
    });
  };
  return { answer, ended };
}

describe('whatever a receiver answers', () => {
  it('only 200 to 299 is a success', async () => {
    for (const status of [200, 201, 202, 204, 299])
      expect(await sent(answering(status))).toMatchObject({ status, error: null });
    for (const status of [300, 302, 304, 400, 401, 404, 410, 429, 500, 503, 599])
      expect(await sent(answering(status))).toMatchObject({ status, error: expect.stringContaining(`${status}`) });
    expect(await sent(answering(429, '', { 'retry-after': '7' }))).toMatchObject({ retryAfterSeconds: 7 });
  });

  it('of its body the beginning is kept, and the rest is not waited for', async () => {
    const flood = endless(MEBIBYTE, 1);
    const story = await sent(flood.answer, { timeoutSeconds: 30 });
    expect(story).toMatchObject({ status: 200, error: null });
    expect(story.responseBody).toHaveLength(4_096);
    expect(await flood.ended).toBeLessThan(64 * MEBIBYTE.length);
    expect((await sent(answering(500, 'x'.repeat(10_000)))).responseBody).toHaveLength(4_096);
  });

  it('a body that trickles ends with the time there is; the status has been heard', async () => {
    const drip = endless(Buffer.from('.'), 50);
    const story = await sent(drip.answer);
    expect(story).toMatchObject({ status: 200, error: null });
    expect(story.responseBody).toMatch(/^\.+$/);
    await drip.ended;
  });

  it('silence, a cut connection and headers without end are failures', async () => {
    expect(await sent(hang)).toMatchObject({ status: null, error: expect.stringContaining('within 1 s') });
    const cut = await sent((response) => void response.destroy());
    expect(cut).toMatchObject({
      status: null,
      responseBody: null,
      error: expect.stringContaining('cannot be reached'),
    });
    const headers = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`x-${index}`, 'y'.repeat(200)]));
    expect(await sent(answering(200, '', headers))).toMatchObject({ status: null });
    const closed = await openReceiver();
    await closed.close();
    expect(await sent(hang, { url: closed.url })).toMatchObject({ status: null });
  });

  it('a name server that never answers is waited for no longer than anything else', async () => {
    const never = { url: 'http://slow.example/', resolveHost: () => new Promise<never>(() => {}) };
    expect(await sent(hang, never)).toMatchObject({ status: null, error: expect.stringContaining('within 1 s') });
  });

  it('is kept without what a database or a terminal would choke on', async () => {
    const { responseBody } = await sent(answering(200, 'a\u0000b\u001b[31mc\r\nd\ud800'));
    expect(responseBody).toBe('a\ufffdb\ufffd[31mc\ufffd\nd\ufffd');
  });
});

it('nothing is sent without a secret, or over http where that is not allowed', async () => {
  expect((await sent(answering(200), { secrets: [] })).error).toMatch(/rotate it/);
  expect((await sent(answering(200), { allowHttp: false })).error).toMatch(/Only https/);
  expect(receiver.received).toEqual([]);
});

it('whoever has to stop is told so, and it is no attempt', async () => {
  const controller = new AbortController();
  const sending = sent(() => controller.abort(new Error('it stops')), { signal: controller.signal } as never);
  await expect(sending).rejects.toThrow('it stops');
});
