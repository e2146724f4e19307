import { createRouter } from 'app-kernel';

const SCRIPT = `
  const on = (id, act) => document.getElementById(id).addEventListener('click', act);
  on('throw', () => { throw new Error('thrown by the page'); });
  on('reject', () => { Promise.reject(new TypeError('nobody caught this')); });
  on('fetch-500', () => { void fetch('/api/v1/broken?secret=canary').catch(() => {}); });
  on('xhr-500', () => { const xhr = new XMLHttpRequest(); xhr.open('POST', '/api/v1/broken'); xhr.send('{}'); });
  on('fetch-ok', () => { void fetch('/api/v1/fine?token=canary'); });
  on('route', () => history.pushState({}, '', '/api/v1/page?token=canary#canary'));
`;

const MARKUP = `
  <button id="throw">Throw</button><button id="reject">Reject</button>
  <button id="fetch-500">Fetch 500</button><button id="xhr-500">XHR 500</button>
  <button id="fetch-ok">Fetch</button><button id="route">Route</button>
  <form><input name="nickname"><input name="word" type="password"><div data-private><button type="button">canary of Ada</button></div></form>
`;

function page(scripts: string): string {
  return `<!doctype html><html><head><title>Page</title><link rel="icon" href="data:,">${scripts}</head><body>${MARKUP}<script src="/api/v1/page.js"></script></body></html>`;
}

/** A page that breaks in every way, and what it calls. */
export function throwingPage(builtModule: string): ReturnType<typeof createRouter> {
  const router = createRouter();
  const text = (path: string, type: string, body: string): void => {
    router.get(path, {}, async ({ ctx }) => {
      ctx.type = type;
      ctx.body = body;
    });
  };
  text('/page', 'html', page('<script src="/_kernel/action-log.js"></script>'));
  text('/page.js', 'js', SCRIPT);
  text('/bundled', 'html', page('<script type="module" src="/api/v1/bundle.js"></script>'));
  text('/module.js', 'js', builtModule);
  text(
    '/bundle.js',
    'js',
    `import { actionLog } from './module.js';
     actionLog.configure({ saveUrl: '/api/v1/admin/action-replay' });
     window.fromModule = actionLog;`,
  );
  const fine = async () => ({ fine: true });
  const broken = async () => {
    throw new Error('a fault of the service');
  };
  router.get('/fine', {}, fine).get('/broken', {}, broken).post('/broken', {}, broken);
  return router;
}
