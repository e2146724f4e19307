import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createRouter } from '../../src/http/index.js';
import { listen } from './support/listen.js';
import { serve } from './support/serve.js';

let folder: string;
let seen: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uploads-'));
  vi.stubEnv('TMPDIR', folder);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function app() {
  const router = createRouter();
  router.post(
    '/upload',
    { accepts: 'multipart', body: z.object({ title: z.string().min(3) }) },
    async ({ body, files }) => {
      const [file] = files.picture ?? [];
      seen = Object.values(files).flatMap((list) => list.map((item) => item.path));
      return {
        ...body,
        name: file?.name,
        type: file?.type,
        size: file?.size,
        text: file && (await readFile(file.path, 'utf8')),
      };
    },
  );
  return serve([router], { security: { maxBodySize: 100_000 } });
}

function form(title: string, ...contents: string[]): FormData {
  const data = new FormData();
  data.set('title', title);
  for (const content of contents) data.append('picture', new Blob([content], { type: 'text/plain' }), '../../evil.txt');
  return data;
}

async function emptied(): Promise<void> {
  await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
}

describe('a multipart body', () => {
  it('gives fields and files, which are removed once the answer is sent', async () => {
    await using server = await listen(app());

    const response = await fetch(`${server.url}/upload`, { method: 'POST', body: form('A picture', 'bytes') });

    expect(await response.json()).toEqual({
      title: 'A picture',
      name: expect.stringContaining('evil.txt'),
      type: 'text/plain',
      size: 5,
      text: 'bytes',
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.startsWith(folder)).toBe(true);
    await vi.waitFor(() => expect(existsSync(seen[0] as string)).toBe(false));
  });

  it('leaves no file behind when it is refused', async () => {
    await using server = await listen(app());
    const post = (body: FormData) => fetch(`${server.url}/upload`, { method: 'POST', body });

    expect((await post(form('x', 'bytes'))).status).toBe(422);
    expect((await post(form('too many', ...new Array(25).fill('a')))).status).toBe(413);
    expect((await post(form('too large', 'x'.repeat(200_000)))).status).toBe(413);
    await emptied();
  });

  it('leaves no file behind when the upload breaks off', async () => {
    await using server = await listen(app());
    const part = 'Content-Disposition: form-data; name="picture"; filename="a"\r\nContent-Type: text/plain\r\n\r\n';
    const bytes = `POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 200\r\n\r\n--b\r\n${part}${'x'.repeat(100)}`;

    const socketClosed = server.raw(bytes);
    await vi.waitFor(async () => expect((await readdir(folder)).length).toBeGreaterThan(0));
    server.server.closeAllConnections();
    await socketClosed;

    await emptied();
  });
});
