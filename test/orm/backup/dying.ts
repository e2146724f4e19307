import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from '../../setup/sql-backends.js';
import type { CompiledOrm } from '../compiled-orm.js';

/** Backs up or restores; dies at the n-th statement that writes, at the n-th rename of a file, or once tables are exchanged. */
const PROGRAM = `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const [, , url, dataDir, action, name, place, count] = process.argv;
  let left = Number(count);
  const die = () => { if (left-- === 0) process.kill(process.pid, 'SIGKILL'); };
  if (place === 'file') {
    const { rename, open } = fs;
    fs.rename = (...args) => { die(); return rename(...args); };
    fs.open = (...args) => { die(); return open(...args); };
    syncBuiltinESMExports();
  }
  const { connect } = await import('./orm/index.js');
  const { HOSTILE_ENTITIES } = await import('./hostile.js');
  const db = await connect(url, { entities: HOSTILE_ENTITIES, dataDir, nativeBackup: false });
  if (place !== 'file') {
    const engine = { sqlite: 'sqlite', postgresql: 'postgres' }[db.engine] ?? 'mysql';
    const folder = engine === 'sqlite' ? 'sqlite' : engine + '/wire';
    const { [engine[0].toUpperCase() + engine.slice(1) + 'Connection']: Connection } = await import('./orm/' + folder + '/connection.js');
    for (const method of ['run', 'runEach', 'copyIn', 'commit']) {
      const own = Connection.prototype[method];
      if (own && place === 'statement') Connection.prototype[method] = function (...args) { die(); return own.apply(this, args); };
      else if (own) Connection.prototype[method] = async function (...args) {
        const answer = await own.apply(this, args);
        if (/^RENAME TABLE/.test(args[0])) die();
        return answer;
      };
    }
  }
  if (action === 'backup') await db.backup();
  else await db.restoreFull(name, { confirm: true });
  await db.close();`;

export type Place = 'statement' | 'file' | 'exchange';

/** A process that dies while it backs up or restores. */
export class Dying {
  readonly #orm: CompiledOrm;
  readonly #program: string;

  constructor(orm: CompiledOrm) {
    this.#orm = orm;
    const entities = readFileSync(fileURLToPath(new URL('hostile.ts', import.meta.url)), 'utf8');
    orm.program('hostile', entities.replace('../../../src/orm/index.js', './orm/index.js'));
    this.#program = orm.program('dying', PROGRAM);
  }

  /** @returns whether it died. */
  async die(
    { url, dataDir }: TestDatabase,
    action: 'backup' | 'restore',
    name: string,
    place: Place,
    count: number,
  ): Promise<boolean> {
    const args = [url, dataDir, action, name, place, String(count)];
    const end = await this.#orm.runUntilDeath(this.#program, ...args);
    if (end !== 'SIGKILL' && end !== 0) throw new Error(`The process ended with ${end}`);
    return end === 'SIGKILL';
  }
}
