import { connect, dbContext, Entity, Field, Model } from 'app-kernel/orm';

@Entity({ table: 'accounts' })
class Account extends Model {
  @Field({ type: 'string', nullable: false, unique: true }) owner!: string;
  @Field({ type: 'integer', default: 0, check: '[balance] >= 0' }) balance!: number;
}

export async function transfer(url = 'sqlite::memory:'): Promise<string[]> {
  const db = await connect(url, { entities: [Account] });
  try {
    await db.migrate();
    const ada = await Account.save({ owner: 'Ada', balance: 100 });
    const bob = await Account.save({ owner: 'Bob' });

    await dbContext(async () => {
      await Account.update(ada.id, { balance: ada.balance - 30 }, { comment: 'lunch' });
      await Account.update(bob.id, { balance: bob.balance + 30 }, { comment: 'lunch' });
    });

    const versions = await Account.history(ada.id);
    return versions.map((row) => `${row.version}: ${row.owner} had ${row.balance}`);
  } finally {
    await db.close();
  }
}
