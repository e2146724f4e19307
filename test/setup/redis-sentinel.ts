import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type ChildServer, findRedis, freePort } from '../../scripts/servers/index.mjs';
import type { FaultServer } from './fault-servers.js';

/** A master, its replica, and a sentinel that watches over them, all of our own. */
export class WatchedRedis {
  readonly url: string;
  readonly master: ChildServer;
  readonly replica: ChildServer;
  readonly #sentinel: ChildProcess;
  readonly #folder: string;

  private constructor(servers: [ChildServer, ChildServer], sentinel: ChildProcess, port: number, folder: string) {
    [this.master, this.replica] = servers;
    this.url = `redis+sentinel://127.0.0.1:${port}/0?master=main`;
    this.#sentinel = sentinel;
    this.#folder = folder;
  }

  static async open(start: FaultServer['start']): Promise<WatchedRedis> {
    const [master, replica] = await Promise.all([start(), start()]);
    const client = new Redis(replica.url);
    await client.replicaof('127.0.0.1', master.port);
    while (!(await client.info('replication')).includes('master_link_status:up')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    client.disconnect();
    const folder = mkdtempSync(join(tmpdir(), 'app-kernel-sentinel-'));
    const port = await freePort();
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 800',
      'sentinel failover-timeout main 3000',
    ];
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const sentinel = spawn(findRedis() ?? '', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await untilSaid(sentinel, '+slave '); // it knows the replica
    return new WatchedRedis([master, replica], sentinel, port, folder);
  }

  async close(): Promise<void> {
    const ended = once(this.#sentinel, 'exit');
    this.#sentinel.kill('SIGKILL');
    await ended;
    await Promise.all([this.master.close(), this.replica.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function untilSaid(child: ChildProcess, text: string): Promise<void> {
  let said = '';
  for await (const chunk of child.stdout ?? []) {
    said += chunk;
    if (said.includes(text)) break;
  }
  if (!said.includes(text)) throw new Error(`The sentinel ended without saying "${text}":\n${said}`);
}
