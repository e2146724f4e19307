import { describe, expect, it } from 'vitest';
import { createRouter } from '../../src/http/index.js';
import { type Listening, listen } from '../http/support/listen.js';
import { serve } from '../http/support/serve.js';

function app() {
  const router = createRouter().get('/here', {}, () => ({ ok: true }));
  return serve([router]);
}

function request({ raw }: Listening, line: string, headers = ''): Promise<string> {
  return raw(`${line}\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
}

/** Whatever was asked, the answer is one of the kernel's own. */
function expectProblem(answer: string, status: number): void {
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer).toMatch(/^content-type: application\/problem\+json/im);
  expect(answer).toMatch(/^x-request-id: \S/im);
  expect(answer).toMatch(/^x-content-type-options: nosniff/im);
}

describe('a request whose target is no path', () => {
  it.each(['foo://bar', 'http://[x', 'http://', 'file:///etc/passwd', 'https://x:99999/here'])(
    'is answered as any unknown path: %s',
    async (target) => {
      await using server = await listen(app());

      expectProblem(await request(server, `GET ${target} HTTP/1.1`), 404);
    },
  );

  it('in absolute form, as proxies send it, is its path', async () => {
    await using server = await listen(app());

    expect(await request(server, 'GET http://elsewhere.example/here?a=1 HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /);
    expectProblem(await request(server, 'GET http://elsewhere.example HTTP/1.1'), 404);
  });
});

it('an expectation that nobody can meet is refused with the headers of any other answer', async () => {
  await using server = await listen(app());

  expectProblem(await request(server, 'GET /here HTTP/1.1', 'Expect: miracles\r\n'), 417);
});
