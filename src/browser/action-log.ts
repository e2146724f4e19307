/** One step of the user or of the page. */
export interface Action {
  /** Counts from 1, dropped steps included. */
  seq: number;
  /** `page`, `navigate`, `click`, `input`, `api_call`, `api_response`, `api_error`, `error`, or a name of your own. */
  type: string;
  detail: Record<string, unknown>;
  /** ISO 8601, UTC. */
  ts: string;
  /** Since the page began to load. */
  elapsed_ms: number;
}

export interface ActionLogOptions {
  /** Where replays are POSTed; nothing is recorded before it is known. */
  saveUrl?: string;
  /** Sent with every replay, as an `Authorization`, so that it names its user; a function is asked each time. */
  headers?: Record<string, string> | (() => Record<string, string>);
  /** Answers the step to keep, changed or not, or nothing to drop it; a fault that is dropped sends no replay. */
  beforeRecord?: (action: Action) => Action | null | undefined | false;
  /** Default true; false keeps what is typed, but never into password fields. */
  maskInputs?: boolean;
  /** Least time between two replays. Default 30,000. */
  cooldownMs?: number;
}

const RING_SIZE = 25;
const MAX_TEXT = 200;
/** What browsers take in a beacon is 64 KiB; what the server takes is a little less. */
const MAX_LOG = 30_000;
const LABELLED = 'a,button,summary,label,[role=button],[role=tab],[role=menuitem]';

const options: Required<Omit<ActionLogOptions, 'beforeRecord'>> & Pick<ActionLogOptions, 'beforeRecord'> = {
  saveUrl: '',
  headers: {},
  maskInputs: true,
  cooldownMs: 30_000,
};
const ring: Action[] = [];
let seq = 0;
let started = false;
let savedAt = Number.NEGATIVE_INFINITY;
/** A replay that the cooldown holds back; it goes out as the page does. */
let pending: string | undefined;

const clip = (value: unknown, length = MAX_TEXT): string => String(value ?? '').slice(0, length);

/** Whether the step was kept. */
function record(type: string, detail: Record<string, unknown> = {}): boolean {
  const action: Action = {
    seq: ++seq,
    type,
    detail,
    ts: new Date().toISOString(),
    elapsed_ms: Math.round(performance.now()),
  };
  try {
    const kept = options.beforeRecord ? options.beforeRecord(action) : action;
    if (!kept) return false;
    if (ring.push(kept) > RING_SIZE) ring.shift();
    return true;
  } catch {
    return false; // what cannot be masked is not kept
  }
}

function save(message = 'Saved by hand', source = 'manual'): void {
  if (!options.saveUrl) return;
  const steps = ring.slice();
  while (JSON.stringify(steps).length > MAX_LOG) steps.shift();
  const body = JSON.stringify({
    error_message: clip(message, 500),
    error_source: source,
    url: clip(location.origin + location.pathname, 500),
    user_agent: clip(navigator.userAgent, 300),
    replay_log: JSON.stringify(steps),
  });
  if (source !== 'manual' && performance.now() - savedAt < options.cooldownMs) pending = body;
  else post(body);
}

let nativeFetch: typeof fetch;

function post(body: string): void {
  savedAt = performance.now();
  pending = undefined;
  const { saveUrl, headers } = options;
  const more = typeof headers === 'function' ? headers() : headers;
  const init = { method: 'POST', keepalive: true, headers: { 'content-type': 'application/json', ...more }, body };
  nativeFetch(saveUrl, init).catch(() => {}); // a log that cannot be sent is no fault of the page
}

function sendPending(): void {
  if (!pending) return;
  if (!navigator.sendBeacon(options.saveUrl, new Blob([pending], { type: 'application/json' }))) post(pending);
  pending = undefined;
}

/** The path alone: queries and fragments carry tokens. */
function pathOf(url: string | URL): string {
  try {
    const { origin, pathname } = new URL(url, location.href);
    return clip(origin === location.origin ? pathname : origin + pathname);
  } catch {
    return 'no URL';
  }
}

/** `button#save "Save"`; what people have written into the page's fields is no part of it. */
function describe(target: EventTarget | null): string {
  if (!(target instanceof Element)) return 'document';
  const element = target.closest(LABELLED) ?? target;
  const name = element.id ? `#${element.id}` : element.getAttribute('name');
  const label =
    element.getAttribute('aria-label') ?? (element.matches(LABELLED) && !isPrivate(element) ? element.textContent : '');
  return clip(`${element.localName}${name ? ` ${name}` : ''}${label ? ` "${clip(label.trim(), 40)}"` : ''}`);
}

function isPrivate(element: Element): boolean {
  return element.closest('[data-private]') !== null || element.querySelector('input,textarea,select') !== null;
}

function watchInputs({ target }: Event): void {
  const field = target as HTMLInputElement;
  const shown = !options.maskInputs && field.type !== 'password' && !field.closest('[data-private]');
  record('input', { target: describe(field), value: shown ? clip(field.value) : '•••' });
}

/** One request of the page, from its call to its end. */
function watchCall(method: string, url: string | URL) {
  const call = { method: method.toUpperCase(), path: pathOf(url) };
  const begun = performance.now();
  record('api_call', call);
  return (status: number, requestId: string | null, error = ''): void => {
    const duration_ms = Math.round(performance.now() - begun);
    const end = { ...call, status, duration_ms, request_id: requestId };
    const failed = status === 0 || status >= 400;
    const kept = record(failed ? 'api_error' : 'api_response', failed ? { ...end, error: clip(error, 120) } : end);
    if (kept && status >= 500) save(`${call.method} ${call.path} answered ${status}`, 'api_5xx');
  };
}

function watchFetch(): void {
  nativeFetch = window.fetch.bind(window);
  window.fetch = async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const ended = watchCall(init?.method ?? request?.method ?? 'GET', request?.url ?? String(input));
    try {
      const response = await nativeFetch(input, init);
      const error = response.status >= 400 ? response.statusText : '';
      ended(response.status, response.headers.get('x-request-id'), error);
      return response;
    } catch (error) {
      ended(0, null, String(error));
      throw error;
    }
  };
}

function watchXhr(): void {
  const { prototype } = XMLHttpRequest;
  const { open } = prototype;
  const calls = new WeakMap<XMLHttpRequest, Parameters<typeof watchCall>>();
  const watch = (xhr: XMLHttpRequest): void => {
    let ended: ReturnType<typeof watchCall> | undefined;
    xhr.addEventListener('loadstart', () => {
      ended = watchCall(...(calls.get(xhr) ?? ['GET', '']));
    });
    // before any handler of the page, which may use the object for its next call
    xhr.addEventListener('readystatechange', () => {
      if (xhr.readyState !== XMLHttpRequest.DONE) return;
      ended?.(xhr.status, xhr.status ? xhr.getResponseHeader('x-request-id') : null, xhr.statusText);
    });
  };
  prototype.open = function (this: XMLHttpRequest, ...args: unknown[]) {
    if (!calls.has(this)) watch(this);
    calls.set(this, [String(args[0]), String(args[1])]);
    open.apply(this, args as never);
  } as typeof open;
}

function watchNavigation(): void {
  const navigated = (): unknown => record('navigate', { path: pathOf(location.href) });
  for (const name of ['pushState', 'replaceState'] as const) {
    const native = history[name];
    history[name] = function (this: History, ...args: Parameters<History['pushState']>) {
      native.apply(this, args);
      navigated();
    };
  }
  addEventListener('popstate', navigated);
}

function watchErrors(): void {
  addEventListener('error', ({ message, filename, lineno, colno }) => {
    const kept = record('error', {
      message: clip(message),
      filename: filename && pathOf(filename),
      line: lineno,
      col: colno,
    });
    if (kept) save(message, 'js_error');
  });
  addEventListener('unhandledrejection', ({ reason }) => {
    const message = clip(reason instanceof Error ? `${reason.name}: ${reason.message}` : reason, 500);
    if (record('error', { message: clip(message) })) save(message, 'unhandled_promise');
  });
}

function start(): void {
  started = true;
  watchFetch();
  watchXhr();
  watchNavigation();
  watchErrors();
  addEventListener('click', ({ target }) => record('click', { target: describe(target) }), true);
  addEventListener('change', watchInputs, true);
  addEventListener('pagehide', sendPending);
  record('page', { path: pathOf(location.href) });
}

/** Keeps the user's last 25 steps and sends them when something breaks. */
export const actionLog = {
  /** Begins to record once `saveUrl` is known; may be called again to change an option. */
  configure(changes: ActionLogOptions): void {
    Object.assign(options, changes);
    if (options.saveUrl && !started) start();
  },
  /** Adds a step of your own. */
  record,
  /** Sends the steps now, whatever the cooldown says. */
  save,
  /** The steps so far, oldest first. */
  entries: (): Action[] => ring.slice(),
};
