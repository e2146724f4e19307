import { Contestant } from './contestant.mjs';

export const BASELINE = 'hand-written';
export const OURS = 'app-kernel';

/** Who else is measured: the adapter, and the packages whose versions the table shows. */
const PEERS = {
  Kysely: { file: 'kysely.mjs', packages: ['kysely'] },
  'Drizzle prepared': { file: 'drizzle-prepared.mjs', packages: ['drizzle-orm'] },
  Drizzle: { file: 'drizzle.mjs', packages: ['drizzle-orm'] },
  Prisma: { file: 'prisma.mjs', packages: ['@prisma/client'] },
  TypeORM: { file: 'typeorm.mjs', packages: ['typeorm'] },
  MikroORM: { file: 'mikro-orm.mjs', packages: ['@mikro-orm/core'] },
  Sequelize: { file: 'sequelize.mjs', packages: ['sequelize'] },
};

/** What can be named after --peers. */
export const PEER_NAMES = Object.keys(PEERS);

/** `{ name, file, isPeer }` of everybody who is measured on an engine: the baseline, us, and the wanted peers. */
export function contestantsFor(engine, peers) {
  return [
    { name: BASELINE, file: `handwritten-${engine}.mjs` },
    { name: OURS, file: 'ours.mjs' },
    ...peers.map((name) => ({ name, file: PEERS[name].file, isPeer: true })),
  ];
}

export function packagesOf(peers) {
  return [...new Set(peers.flatMap((name) => PEERS[name].packages))];
}

/**
 * Starts everybody on the list, verifies their answers, fills their tables and adds them to `contestants`. Who cannot run or
 * answers otherwise is left out; the baseline and we ourselves must not fail.
 * Answers who is missing and why: `[{ name, reason }]`.
 */
export async function enter(list, databases, contestants, onProgress) {
  const missing = [];
  for (const [index, { name, file, isPeer = false }] of list.entries()) {
    onProgress(`${name}: verifying`);
    const contestant = new Contestant(name, file, isPeer);
    try {
      await contestant.verify(await databases.create(`verify_${index}`));
      const database = await databases.create(`run_${index}`);
      await contestant.open(database);
      await databases.settle(database);
      contestants.push(contestant);
    } catch (error) {
      await contestant.close();
      if (!isPeer) throw new Error(`${name} fails: ${error.message}`, { cause: error });
      missing.push({ name, reason: error.message.split('\n')[0] });
    }
  }
  return missing;
}
