/** How every client reads event streams. It holds no template literals. */
export const EVENT_RUNTIME = String.raw`async function* readEvents(response: Response): AsyncGenerator<ServerEvent & { retry?: number }, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const held = rest.endsWith('\r') ? 1 : 0; // a line feed may follow
      const lines = rest.slice(0, rest.length - held).split(/\r\n|\r|\n/);
      rest = (lines.pop() ?? '') + rest.slice(rest.length - held);
      for (const line of lines) {
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (line === '') {
          if (data.length > 0) yield { event: event || 'message', data: parsed(data.join('\n')), id };
          event = '';
          data = [];
        } else if (field === 'data') data.push(text);
        else if (field === 'event') event = text;
        else if (field === 'id') id = text;
        else if (field === 'retry') yield { event: 'retry', data: undefined, id, retry: Number(text) };
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
`;
