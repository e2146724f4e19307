import { afterEach, expect, it } from 'vitest';
import { connect, type Database, type Span, type Tracer } from '../../../src/orm/index.js';

const REGISTRY = Symbol.for('opentelemetry.js.api.1');
const registry = globalThis as { [REGISTRY]?: unknown };

interface KeptSpan {
  name: string;
  parent: string | undefined;
  attributes: Record<string, unknown>;
  status: number | undefined;
  ended: boolean;
}

/** Keeps its spans, and which one was active when another began. */
class KeptTracer implements Tracer {
  readonly spans: KeptSpan[] = [];
  #active: string | undefined;

  startSpan(name: string, options: { attributes?: Record<string, unknown> } = {}): Span {
    const kept: KeptSpan = {
      name,
      parent: this.#active,
      attributes: { ...options.attributes },
      status: undefined,
      ended: false,
    };
    this.spans.push(kept);
    return {
      setAttribute: (key, value) => {
        kept.attributes[key] = value;
      },
      setStatus: ({ code }) => {
        kept.status = code;
      },
      end: () => {
        kept.ended = true;
      },
    };
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: object, fn: F): ReturnType<F> {
    const span = this.startSpan(name, options);
    this.#active = name;
    return (fn(span) as Promise<unknown>).finally(() => {
      this.#active = undefined;
    }) as ReturnType<F>;
  }
}

const open: Database[] = [];
afterEach(async () => {
  delete registry[REGISTRY];
  for (const db of open.splice(0)) await db.close();
});
async function traced(tracer?: Tracer | false): Promise<Database> {
  const db = await connect('sqlite::memory:', { entities: [], tracer });
  open.push(db);
  return db;
}

it('makes a span of each statement, with the statement and without its values', async () => {
  const tracer = new KeptTracer();
  const db = await traced(tracer);
  await db.query('SELECT 1 AS one WHERE ? = ?', ['hush', 'hush']);
  expect(tracer.spans).toEqual([
    {
      name: 'SELECT',
      parent: undefined,
      attributes: {
        'db.system': 'sqlite',
        'db.operation': 'SELECT',
        'db.statement': 'SELECT 1 AS one WHERE ? = ?',
      },
      status: undefined,
      ended: true,
    },
  ]);
});

it('makes a span of each transaction, around those of its statements', async () => {
  const tracer = new KeptTracer();
  const db = await traced(tracer);
  await db.context(async (inner) => {
    await inner.query('SELECT 1');
  });
  expect(tracer.spans.map(({ name, parent }) => [name, parent])).toEqual([
    ['transaction', undefined],
    ['BEGIN', 'transaction'],
    ['SELECT', 'transaction'],
    ['COMMIT', 'transaction'],
  ]);
  expect(tracer.spans.every(({ ended }) => ended)).toBe(true);
});

it('marks what failed, with the name of its error alone', async () => {
  const tracer = new KeptTracer();
  const db = await traced(tracer);
  await expect(db.context((inner) => inner.query("SELECT 'hush' FROM nowhere"))).rejects.toThrow();
  const failed = tracer.spans.filter(({ status }) => status === 2);
  expect(failed.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
    ['transaction', 'SchemaError'],
    ['SELECT', 'SchemaError'],
  ]);
  expect(tracer.spans.every(({ ended }) => ended)).toBe(true);
});

it('finds the SDK that is registered when the database is opened, unless it is told not to', async () => {
  const tracer = new KeptTracer();
  const names: string[] = [];
  registry[REGISTRY] = {
    trace: {
      getTracer: (name: string) => {
        names.push(name);
        return tracer;
      },
    },
  };
  await (await traced()).query('SELECT 1');
  await (await traced(false)).query('SELECT 2');
  delete registry[REGISTRY];
  await (await traced()).query('SELECT 3');
  expect([names, tracer.spans.length]).toEqual([['app-kernel'], 1]);
});
