/** One event as a client reads it. */
export interface ReceivedEvent {
  /** `message` where the event names none. */
  event: string;
  data: string;
  /** What to send as `Last-Event-ID` to go on from here; '' before the first. */
  id: string;
}

/** Reads an event stream to its end, as the HTML standard says; comments and events without data are left out. */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReceivedEvent> {
  let id = '';
  let event = '';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event || 'message', data: data.join('\n'), id };
      event = '';
      data = [];
      continue;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
}

/** Lines end with LF, CRLF or CR; what stands after the last end is no line yet. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const complete = rest.endsWith('\r') ? rest.slice(0, -1) : rest; // an LF may follow
    const lines = complete.split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? '') + rest.slice(complete.length);
    yield* lines;
  }
}
