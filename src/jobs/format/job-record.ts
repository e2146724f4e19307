/** How a job ended; kept before its envelope, one line of JSON, so that a script can write one too. */
export interface JobEnding {
  status: 'succeeded' | 'failed' | 'cancelled';
  /** Unix ms. */
  completedAt: number;
  startedAt?: number | undefined;
  /** Runs in all. */
  attempts?: number | undefined;
  crashes?: number | undefined;
  result?: unknown;
  error?: string | undefined;
  progress?: number | undefined;
  logs?: readonly string[] | undefined;
}

/** The stored record of a finished job. */
export function packRecord(ending: JobEnding, envelopeText: string): string {
  return `${JSON.stringify(ending)}\n${envelopeText}`;
}

export function unpackRecord(text: string): { ending: JobEnding; envelopeText: string } {
  const end = text.indexOf('\n');
  return { ending: JSON.parse(text.slice(0, end)) as JobEnding, envelopeText: text.slice(end + 1) };
}
