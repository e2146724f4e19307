/** One message of an event stream. */
export interface SseMessage {
  data: unknown;
  event?: string;
  /** What a client that was cut off names as the last it has seen (`Last-Event-ID`). */
  id?: string | number;
}

/** One event as text: `event: …`, `data: …` and an empty line; `data` as JSON, a string as it is. */
export function formatSse({ event, id, data }: SseMessage): string {
  const text = typeof data === 'string' ? data : (JSON.stringify(data) ?? 'null');
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  const head = [
    ...(id === undefined ? [] : [`id: ${oneLine(String(id))}`]),
    ...(event ? [`event: ${oneLine(event)}`] : []),
  ];
  return `${[...head, ...lines].join('\n')}\n\n`;
}

/** An event whose payload names its own type: `sseEvent('log', { message })`. */
export function sseEvent(event: string, data: Readonly<Record<string, unknown>> = {}): string {
  return formatSse({ event, data: { type: event, ...data } });
}

/** A line break would end the field and begin another one, written by whoever chose the text. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ');
}
