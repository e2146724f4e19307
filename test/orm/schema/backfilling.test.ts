import { afterAll, describe, expect, it } from 'vitest';
import { Entity, Field, Model } from '../../../src/orm/index.js';
import { BACKENDS } from '../backends.js';

@Entity({ table: 'crates', history: false })
class Before extends Model {
  @Field({ type: 'string' }) name?: string;
  @Field({ type: 'string' }) label?: string;
}

@Entity({ table: 'crates', history: false })
class After extends Model {
  @Field({ type: 'string', renamedFrom: 'name' }) label?: string | null;
}

for (const backend of BACKENDS) {
  const { reconnect } = backend;
  if (!reconnect) continue;
  describe(`a backfill on ${backend.name}`, () => {
    afterAll(() => backend.cleanUp());

    it('copies a renamed column where its values were not copied yet, and only once', async () => {
      const before = await backend.connect({ entities: [Before] });
      await before.migrate();
      const kept = await Before.save({ name: 'old', label: 'new' }, { db: before });
      const empty = await Before.save({ name: 'old' }, { db: before });
      const after = await reconnect(before, { entities: [After] });
      expect((await after.backfill()).changed).toBe(true);
      expect((await After.getOrThrow(empty.id, { db: after })).label).toBe('old');
      expect((await After.getOrThrow(kept.id, { db: after })).label).toBe('new');
      await After.update(empty.id, { label: null }, { db: after });
      expect((await after.backfill()).changed).toBe(false);
      expect((await After.getOrThrow(empty.id, { db: after })).label).toBeNull();
      await after.close();
      await before.close();
    });
  });
}
