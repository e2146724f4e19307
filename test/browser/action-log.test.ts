import { readFileSync } from 'node:fs';
import { type ActionReplay, getReplay, listReplays } from 'app-kernel';
import type { Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../service/setup/http-calls.js';
import { KeptLog } from '../service/setup/kept-log.js';
import { BROWSERS, type TestBrowser } from '../setup/browser.js';
import { openPeople, type People } from '../setup/people.js';
import { throwingPage } from './throwing-page.js';

const MODULE = readFileSync(new URL('../../dist/browser/action-log.js', import.meta.url), 'utf8');
const SAVE = '/api/v1/admin/action-replay';

/** What the page has, for the functions that run there. */
declare const window: {
  actionLog: {
    configure(options: Record<string, unknown>): void;
    record(type: string, detail?: object): void;
    save(message?: string): void;
    entries(): Array<{ type: string }>;
  };
};
declare const navigator: { sendBeacon(url: string, data: unknown): boolean };
declare const sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
declare const XMLHttpRequest: new () => {
  status: number;
  responseText: string;
  onload: () => void;
  open(method: string, url: string): void;
  send(): void;
};

for (const browser of BROWSERS) {
  describe(`the action log in ${browser.name}`, { timeout: 60_000 }, () => {
    let opened: TestBrowser;
    let world: People;
    let logger: KeptLog;
    let base: string;
    let page: Page;
    let posts: Request[];

    beforeAll(async () => {
      opened = await browser.open();
    }, 60_000);
    afterAll(() => opened.close());
    beforeEach(async () => {
      logger = new KeptLog();
      world = await openPeople({ routers: [throwingPage(MODULE)], logger });
      await world.service.listen(0, '127.0.0.1');
      base = `http://127.0.0.1:${world.service.port}`;
      page = await opened.context.newPage();
      posts = [];
      page.on('request', (request) => void (request.url().endsWith(SAVE) && posts.push(request)));
      await page.goto(`${base}/api/v1/page`);
    });
    afterEach(async () => {
      await page.close();
      await world.close();
    });

    const replays = async (count: number): Promise<ActionReplay[]> => {
      await eventually(async () => (await listReplays()).length === count, `${count} replays`, 20_000);
      const found = await Promise.all((await listReplays()).map(({ id }) => getReplay(id)));
      return found.filter((replay) => replay !== null);
    };
    const replay = async (): Promise<ActionReplay> => (await replays(1))[0] as ActionReplay;
    const steps = ({ replayLog }: ActionReplay) => replayLog.map(({ type, detail }) => [type, detail]);
    const configure = (options: Record<string, unknown>) =>
      page.evaluate((given) => window.actionLog.configure(given), options);
    const answered = (status: number) => page.waitForResponse((response) => response.status() === status);

    it('sends what the user did before the page threw, without what they wrote', async () => {
      await page.fill('[name=nickname]', 'canary-nick');
      await page.fill('[name=word]', 'canary-word');
      const called = answered(200);
      await page.click('#fetch-ok');
      await called;
      await page.click('#route');
      await page.click('[data-private] button');
      await page.click('#throw');
      const saved = await replay();
      expect(saved).toMatchObject({
        errorSource: 'js_error',
        errorMessage: expect.stringContaining('thrown by the page'),
        url: `${base}/api/v1/page`,
        userAgent: expect.stringContaining('Chrome'),
      });
      expect(steps(saved)).toMatchObject(
        [
          ['page', { path: '/api/v1/page' }],
          ['input', { target: 'input nickname', value: '•••' }],
          ['click', { target: 'button #fetch-ok "Fetch"' }],
          ['api_call', { method: 'GET', path: '/api/v1/fine' }],
          ['api_response', { status: 200, request_id: expect.any(String), duration_ms: expect.any(Number) }],
          ['click', { target: 'button #route "Route"' }],
          ['navigate', { path: '/api/v1/page' }],
          ['click', { target: 'button' }],
          ['click', { target: 'button #throw "Throw"' }],
          ['error', { message: expect.stringContaining('thrown by the page'), filename: '/api/v1/page.js', line: 3 }],
        ].toSpliced(2, 0, ['input', { target: 'input word', value: expect.anything() }]),
      );
      expect(JSON.stringify(saved)).not.toContain('canary');
      expect(saved.replayLog.map(({ seq }) => seq)).toEqual(saved.replayLog.map((_, index) => index + 1));
    });

    it('names the request that failed as the service’s own log does', async () => {
      await page.click('#fetch-500');
      const saved = await replay();
      expect(saved).toMatchObject({ errorSource: 'api_5xx', errorMessage: 'GET /api/v1/broken answered 500' });
      const [type, detail] = steps(saved).at(-1) ?? [];
      expect([type, detail]).toMatchObject(['api_error', { status: 500, error: 'Internal Server Error' }]);
      const requestId = (detail as { request_id: string }).request_id;
      const line = logger.lines.find(({ fields }) => (fields as { request_id?: string }).request_id === requestId);
      expect(line).toMatchObject({ message: 'request', fields: { path: '/api/v1/broken', status: 500 } });
    });

    it('hears of an XMLHttpRequest that fails, and of a promise that nobody caught', async () => {
      await page.click('#xhr-500');
      expect(await replay()).toMatchObject({
        errorSource: 'api_5xx',
        errorMessage: 'POST /api/v1/broken answered 500',
      });
      await configure({ cooldownMs: 0 });
      await page.click('#reject');
      const [newest] = await replays(2);
      expect(newest).toMatchObject({ errorSource: 'unhandled_promise', errorMessage: 'TypeError: nobody caught this' });
    });

    it('sends one replay per cooldown, and as the page goes what was held back, by a beacon', async () => {
      for (let click = 0; click < 3; click++) await page.click('#throw');
      await page.click('#reject');
      // The browser reports a rejection in a task of its own, which may come after the click has been answered.
      await page.waitForFunction(() => JSON.stringify(window.actionLog.entries()).includes('nobody caught this'));
      await replay();
      expect(posts).toHaveLength(1);
      await page.evaluate(() => {
        const { sendBeacon } = navigator;
        navigator.sendBeacon = (url, data) => {
          sessionStorage.setItem('beacon', String(new URL(url).pathname));
          return sendBeacon.call(navigator, url, data);
        };
      });
      await page.goto(`${base}/api/v1/page`);
      expect(await page.evaluate(() => sessionStorage.getItem('beacon'))).toBe(SAVE);
      const all = await replays(2);
      expect(all.map(({ errorSource }) => errorSource).sort()).toEqual(['js_error', 'unhandled_promise']);
    });

    it('keeps the last 25 steps', async () => {
      await page.evaluate(() => {
        const { actionLog } = window;
        for (let step = 0; step < 40; step++) actionLog.record('own', { step });
        actionLog.save('by hand');
      });
      const saved = await replay();
      expect(saved).toMatchObject({ errorSource: 'manual', errorMessage: 'by hand' });
      expect(steps(saved)).toEqual(Array.from({ length: 25 }, (_, index) => ['own', { step: index + 15 }]));
    });

    it('names its user by headers, and keeps what beforeRecord leaves', async () => {
      const ann = await world.join('ann');
      await page.evaluate((token) => {
        const { actionLog } = window;
        actionLog.configure({
          headers: () => ({ authorization: `Bearer ${token}` }),
          beforeRecord: (action: { type: string; detail: object }) => {
            if (action.type === 'click') return null;
            if (action.type === 'bad') throw new Error('cannot be masked');
            return action.type === 'error' ? { ...action, detail: { message: 'masked' } } : action;
          },
        });
        actionLog.record('bad');
      }, ann.token);
      await page.click('#throw');
      const saved = await replay();
      expect(saved.userId).toBe(ann.id);
      expect(steps(saved).map(([type]) => type)).toEqual(['page', 'error']);
      expect(steps(saved).at(-1)).toEqual(['error', { message: 'masked' }]);
    });

    it('sends nothing of a fault that beforeRecord drops', async () => {
      await page.evaluate(() => {
        const dropped = { beforeRecord: (action: { type: string }) => action.type !== 'error' && action };
        window.actionLog.configure(dropped);
      });
      await page.click('#throw');
      await page.click('#fetch-500');
      expect(await replay()).toMatchObject({ errorSource: 'api_5xx' });
    });

    it('shows what is typed where it is told to, but for passwords and private parts', async () => {
      await configure({ maskInputs: false });
      await page.fill('[name=nickname]', 'Ada');
      await page.fill('[name=word]', 'canary-word');
      await page.click('#throw');
      const saved = await replay();
      expect(steps(saved)).toContainEqual(['input', { target: 'input nickname', value: 'Ada' }]);
      expect(JSON.stringify(saved)).not.toContain('canary');
    });

    it('leaves the page’s own calls as they were', async () => {
      const outcome = await page.evaluate(async () => {
        const refused = await fetch('http://nowhere.invalid/').catch((error: Error) => error.name);
        const body = await (await fetch(new Request('/api/v1/fine'))).json();
        const xhr = new XMLHttpRequest();
        const read = () =>
          new Promise((resolve) => {
            xhr.onload = () => resolve([xhr.status, xhr.responseText]);
            xhr.open('GET', '/api/v1/fine');
            xhr.send();
          });
        const types = window.actionLog.entries();
        return [refused, body, await read(), await read(), types.filter(({ type }) => type === 'api_error').length];
      });
      expect(outcome).toEqual(['TypeError', { fine: true }, [200, '{"fine":true}'], [200, '{"fine":true}'], 1]);
      const entries = await page.evaluate(() => window.actionLog.entries());
      expect(entries.filter(({ type }) => type === 'api_call')).toHaveLength(4);
      expect(entries.filter(({ type }) => type === 'api_response')).toHaveLength(3);
    });

    it('is a module for pages that are bundled', async () => {
      await page.goto(`${base}/api/v1/bundled`);
      await page.click('#throw');
      expect(steps(await replay()).map(([type]) => type)).toEqual(['page', 'click', 'error']);
    });
  });
}
