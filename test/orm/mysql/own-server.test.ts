import { describe } from 'vitest';
import { FAULT_SQL } from '../../setup/fault-servers.js';
import { describeEncryptedLines } from '../servers/encrypted-lines.js';
import { ownServer } from '../servers/own-server.js';
import { describeServerFaults } from '../servers/server-faults.js';

for (const { name, engine } of FAULT_SQL.filter((server) => server.engine === 'mysql')) {
  describe(name, () => {
    const own = ownServer(engine);
    describeEncryptedLines(engine, own);
    describeServerFaults(engine, own);
  });
}
