import { afterAll, describe } from 'vitest';
import { describeAborting } from '../conformance/orm/aborting.js';
import { describeAggregates } from '../conformance/orm/aggregates.js';
import type { Backend } from '../conformance/orm/backend.js';
import { describeChangeEvents } from '../conformance/orm/change-events.js';
import { describeChanging } from '../conformance/orm/changing.js';
import { describeChangingMany } from '../conformance/orm/changing-many.js';
import { describeDeleting } from '../conformance/orm/deleting.js';
import { describeErrors } from '../conformance/orm/errors.js';
import { describeFieldTypes } from '../conformance/orm/field-types.js';
import { describeFollowing } from '../conformance/orm/following.js';
import { describeGatheredReads } from '../conformance/orm/gathered-reads.js';
import { describeJsonPaths } from '../conformance/orm/json-paths.js';
import { describeListenedChanges } from '../conformance/orm/listened-changes.js';
import { describeListenedMany } from '../conformance/orm/listened-many.js';
import { describeMatchingMany } from '../conformance/orm/matching-many.js';
import { describeMigrating } from '../conformance/orm/migrating.js';
import { describeOddNames } from '../conformance/orm/odd-names.js';
import { describePaging } from '../conformance/orm/paging.js';
import { describePast } from '../conformance/orm/past.js';
import { describePastRelations } from '../conformance/orm/past-relations.js';
import { describeQueryEvents } from '../conformance/orm/query-events.js';
import { describeReading } from '../conformance/orm/reading.js';
import { describeRelations } from '../conformance/orm/relations.js';
import { describeReplicas } from '../conformance/orm/replicas.js';
import { describeRetention } from '../conformance/orm/retention.js';
import { describeRetyping } from '../conformance/orm/retyping.js';
import { describeReverting } from '../conformance/orm/reverting.js';
import { describeRevertingTables } from '../conformance/orm/reverting-tables.js';
import { describeSaving } from '../conformance/orm/saving.js';
import { describeSavingMany } from '../conformance/orm/saving-many.js';
import { describeSchemaOptions } from '../conformance/orm/schema-options.js';
import { describeSecondPlan } from '../conformance/orm/second-plan.js';
import { describeTenants } from '../conformance/orm/tenants.js';
import { describeTransactions } from '../conformance/orm/transactions.js';
import { describeUpserting } from '../conformance/orm/upserting.js';
import { describeWriteEvents } from '../conformance/orm/write-events.js';
import { BACKENDS, reusing } from './backends.js';

/** Every suite on one backend, where it is there. A file for each lets them run side by side. */
export function describeConformance(name: string): void {
  for (const found of BACKENDS.filter((one) => one.name === name)) {
    const { backend, end } = reusing(found);
    describe(name, () => {
      describeSuites(backend);
      afterAll(end);
    });
  }
}

function describeSuites(backend: Backend): void {
  describeSaving(backend);
  describeChanging(backend);
  describeListenedChanges(backend);
  describeChangeEvents(backend);
  describeSavingMany(backend);
  describeUpserting(backend);
  describeMatchingMany(backend);
  describeDeleting(backend);
  describeChangingMany(backend);
  describeListenedMany(backend);
  describeFollowing(backend);
  describeReading(backend);
  describePaging(backend);
  describeOddNames(backend);
  describeAggregates(backend);
  describeGatheredReads(backend);
  describeRelations(backend);
  describeFieldTypes(backend);
  describeJsonPaths(backend);
  describePast(backend);
  describePastRelations(backend);
  describeReverting(backend);
  describeRevertingTables(backend);
  describeRetention(backend);
  describeTransactions(backend);
  describeTenants(backend);
  describeWriteEvents(backend);
  describeQueryEvents(backend);
  describeAborting(backend);
  if (backend.reconnect) describeReplicas(backend);
  describeErrors(backend);
  describeMigrating(backend);
  describeRetyping(backend);
  describeSchemaOptions(backend);
  describeSecondPlan(backend);
}
