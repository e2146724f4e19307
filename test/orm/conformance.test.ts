import { describe } from 'vitest';
import { describeDeleting } from '../conformance/orm/deleting.js';
import { describeErrors } from '../conformance/orm/errors.js';
import { describeFieldTypes } from '../conformance/orm/field-types.js';
import { describeMigrating } from '../conformance/orm/migrating.js';
import { describePast } from '../conformance/orm/past.js';
import { describeReading } from '../conformance/orm/reading.js';
import { describeSaving } from '../conformance/orm/saving.js';
import { describeTenants } from '../conformance/orm/tenants.js';
import { describeTransactions } from '../conformance/orm/transactions.js';
import { describeWriteEvents } from '../conformance/orm/write-events.js';
import { BACKENDS } from './backends.js';

for (const backend of BACKENDS) {
  describe(backend.name, () => {
    describeSaving(backend);
    describeDeleting(backend);
    describeReading(backend);
    describeFieldTypes(backend);
    describePast(backend);
    describeTransactions(backend);
    describeTenants(backend);
    describeWriteEvents(backend);
    describeErrors(backend);
    describeMigrating(backend);
  });
}
