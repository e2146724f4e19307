import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../../src/base/ids.js';
import { TraceSpan, TraceStore } from '../../../src/features/tracing/index.js';
import { connect, type Database } from '../../../src/orm/index.js';
import type { SpanEvent, TraceEvent } from '../../../src/telemetry/index.js';
import { SQL_BACKENDS } from '../../setup/servers.js';
import type { TestDatabase } from '../../setup/sql-backends.js';

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A trace of so many spans, one ms after the other. */
function trace(id: string, spans: number): TraceEvent {
  return { id: uuidv7(), spans: Array.from({ length: spans }, (_, n) => span(id, n)) };
}

function span(traceId: string, n: number): SpanEvent {
  return {
    id: uuidv7(),
    traceId,
    spanId: n.toString(16).padStart(16, '0'),
    parentId: null,
    name: `step ${n}`,
    kind: 0,
    service: 'shop',
    durationMs: 1.5,
    startedAt: START + n,
    status: 'ok',
    error: null,
    errorType: null,
    metadata: { n },
  };
}

describe.each(SQL_BACKENDS)('the store of traces on $name', (backend) => {
  let fresh: TestDatabase;
  let db: Database;
  let store: TraceStore;
  beforeAll(async () => {
    fresh = await backend.create();
    db = await connect(fresh.url, { entities: [TraceSpan], dataDir: fresh.dataDir });
    await db.migrate();
    store = new TraceStore({ db });
  });
  afterAll(async () => {
    await db.close();
    await fresh.drop();
  });

  it('keeps each span once, of batches of any size, also where a save was cut off before its end', async () => {
    const batch = [trace('a'.repeat(32), 1_100), trace('b'.repeat(32), 1)];
    await store.saveEvents([trace('c'.repeat(32), 2), { id: uuidv7(), spans: batch[0]?.spans.slice(0, 500) ?? [] }]);
    await store.saveEvents(batch);
    await store.saveEvents(batch);
    expect(await TraceSpan.count({ db })).toBe(1_103);
    const spans = await store.getTrace('a'.repeat(32));
    expect(spans.map(({ name }) => name)).toEqual(Array.from({ length: 1_100 }, (_, n) => `step ${n}`));
    expect(spans[1_099]).toMatchObject({
      startedAt: new Date(START + 1_099),
      endedAt: new Date(START + 1_100),
      durationMs: 1.5,
      metadata: { n: 1_099 },
    });
  });
});
