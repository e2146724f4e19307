import { describe } from 'vitest';
import type { Backend } from '../../conformance/orm/backend.js';
import { describeMigrating } from '../../conformance/orm/migrating.js';
import { describeRetyping } from '../../conformance/orm/retyping.js';
import { describeSchemaOptions } from '../../conformance/orm/schema-options.js';
import { describeSecondPlan } from '../../conformance/orm/second-plan.js';
import { BACKENDS } from '../backends.js';

/** What SQLite cannot do otherwise, servers do in steps that let others go on; the outcome must be the same. */
for (const backend of BACKENDS.filter(({ name }) => !name.startsWith('sqlite'))) {
  const { connect, reconnect } = backend;
  const large: Backend = {
    ...backend,
    connect: (options) => connect({ ...options, largeTableRows: 0 }),
    reconnect: reconnect && ((first, options) => reconnect(first, { ...options, largeTableRows: 0 })),
  };
  describe(`${backend.name}, where every table is a large one`, () => {
    describeMigrating(large);
    describeRetyping(large);
    describeSchemaOptions(large);
    describeSecondPlan(large);
  });
}
