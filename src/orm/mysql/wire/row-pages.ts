import type { PageLimit, RawRow } from '../../dialect/driver.js';
import type { Pipeline } from './pipeline.js';
import { Preparation } from './preparation.js';
import { closeRequest, executeRequest, fetchRequest, INTO_CURSOR } from './request.js';
import { StatementExchange } from './statement-exchange.js';

/**
 * The rows of a SELECT in pages, from a cursor of the server. The statement is prepared for it alone, and goes with it. A
 * proxy that knows no cursors answers all rows at once.
 */
export async function* rowPages(pipeline: Pipeline, sql: string, limit: PageLimit): AsyncGenerator<RawRow[], void> {
  const id = await pipeline.send(new Preparation(sql));
  try {
    let page = await pipeline.send(new StatementExchange(executeRequest(id, [], INTO_CURSOR), 'rows'));
    for (;;) {
      if (page.rows.length > 0) yield page.rows;
      if (!page.rest) return;
      page = await pipeline.send(new StatementExchange(fetchRequest(id, limit()), 'rows', page.rest));
    }
  } finally {
    pipeline.post(closeRequest(id));
  }
}
