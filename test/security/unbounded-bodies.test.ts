import { once } from 'node:events';
import { connect } from 'node:net';
import { Router } from '@koa/router';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createRouter } from '../../src/http/index.js';
import { type Listening, listen } from '../http/support/listen.js';
import { serve } from '../http/support/serve.js';

const LIMIT = 64 * 1024;

function app() {
  const plain = new Router();
  plain.post('/sink', async (ctx) => {
    let bytes = 0;
    for await (const chunk of ctx.req) bytes += (chunk as Buffer).length;
    ctx.body = { bytes };
  });
  plain.post('/listener', async (ctx) => {
    let bytes = 0;
    ctx.req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await Promise.race([once(ctx.req, 'end'), once(ctx.res, 'close')]);
    ctx.body = { bytes };
  });
  plain.post('/deaf', (ctx) => {
    ctx.body = { read: false };
  });
  const typed = createRouter();
  typed.post('/upload', { accepts: 'multipart', body: z.any() }, ({ body }) => ({ fields: Object.keys(body) }));
  return serve([plain, typed], { security: { maxBodySize: LIMIT } });
}

/** A chunked request, written bit by bit; the answer as far as it came. */
async function postChunked({ port }: Listening, path: string, type: string, body: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const answer: Buffer[] = [];
  socket.on('data', (chunk) => answer.push(chunk));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let at = 0; at < body.length && !socket.destroyed; at += 16_384) {
    const part = body.slice(at, at + 16_384);
    socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    await new Promise(setImmediate);
  }
  socket.write('0\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  return Buffer.concat(answer).toString();
}

const BIG = 'x'.repeat(LIMIT * 8);

describe('row 50: a chunked body that a handler reads by itself is bounded as well', () => {
  it.each(['text/plain', 'application/octet-stream', 'multipart/form-data; boundary=x', 'application/x-nothing'])(
    'of type %s: 413, and the connection goes on',
    async (type) => {
      await using server = await listen(app());

      const answers = await postChunked(server, '/sink', type, BIG);

      expect(answers).toMatch(/^HTTP\/1\.1 413 /);
      expect(answers).toContain('E_BODY_TOO_LARGE');
      expect(answers).toMatch(/HTTP\/1\.1 404 /);
    },
  );

  it('leaves bodies within the limit alone, to the byte', async () => {
    await using server = await listen(app());

    expect(await postChunked(server, '/sink', 'text/plain', 'x'.repeat(LIMIT))).toContain(`{"bytes":${LIMIT}}`);
  });

  it('cuts off a reader that would not hear of an error, and the process lives', async () => {
    await using server = await listen(app());

    expect(await postChunked(server, '/listener', 'text/plain', BIG)).not.toContain('"bytes"');
    expect(await postChunked(server, '/listener', 'text/plain', 'abc')).toContain('{"bytes":3}');
  });

  it('does not touch the answer of a handler that reads nothing', async () => {
    await using server = await listen(app());

    expect(await postChunked(server, '/deaf', 'text/plain', BIG)).toContain('{"read":false}');
  });

  it.each([
    ['a header of a part', `--x\r\nContent-Disposition: form-data; name="a"\r\nX: ${BIG}\r\n\r\nhi\r\n--x--\r\n`],
    [
      'the text before the first part',
      `${BIG}\r\n--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhi\r\n--x--\r\n`,
    ],
  ])('counts every byte of a multipart body: %s', async (_name, body) => {
    await using server = await listen(app());

    expect(await postChunked(server, '/upload', 'multipart/form-data; boundary=x', body)).toMatch(/^HTTP\/1\.1 413 /);
  });
});
