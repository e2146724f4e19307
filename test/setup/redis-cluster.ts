import { Redis } from 'ioredis';
import type { ChildServer } from '../../scripts/servers/index.mjs';
import { freePort } from '../../scripts/servers/index.mjs';
import type { FaultServer } from './fault-servers.js';

const SLOTS = 16_384;
const MASTERS = 3;
/** After as many ms without a word a master counts as gone. */
const NODE_TIMEOUT_MS = 1000;

/** Three masters with a replica each, all of our own. */
export class RedisCluster {
  readonly nodes: readonly ChildServer[];

  private constructor(nodes: readonly ChildServer[]) {
    this.nodes = nodes;
  }

  static async open(start: FaultServer['start']): Promise<RedisCluster> {
    const busPorts = await Promise.all(Array.from({ length: 2 * MASTERS }, freePort));
    const nodes = await Promise.all(
      busPorts.map((port) =>
        start({
          'cluster-enabled': 'yes',
          'cluster-port': port,
          'cluster-node-timeout': NODE_TIMEOUT_MS,
          appendonly: 'yes',
          appendfsync: 'always',
        }),
      ),
    );
    const cluster = new RedisCluster(nodes);
    await cluster.#join(busPorts);
    return cluster;
  }

  get url(): string {
    const [first, ...others] = this.nodes.map(({ port }) => `127.0.0.1:${port}`);
    return `redis+cluster://${first}?${others.map((node) => `node=${node}`).join('&')}`;
  }

  /** The node that serves `key` at present. */
  async masterOf(key: string): Promise<ChildServer> {
    const running = this.nodes.find(({ pid }) => pid !== undefined) as ChildServer;
    const slot = Number(await ask(running, 'CLUSTER', 'KEYSLOT', key));
    const ranges = (await ask(running, 'CLUSTER', 'SLOTS')) as Array<[number, number, [string, number]]>;
    const port = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
    return this.nodes.find((node) => node.port === port) as ChildServer;
  }

  /** Waits until what `node` was told is on its replica as well. */
  async replicated(node: ChildServer): Promise<void> {
    const client = new Redis(node.url);
    try {
      await client.set(await keyOf(client), '1');
      await until(async () => (await client.call('WAIT', '1', '1000')) === 1);
    } finally {
      client.disconnect();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  async #join(busPorts: readonly number[]): Promise<void> {
    const [first, ...others] = this.nodes as [ChildServer, ...ChildServer[]];
    for (const [i, node] of this.nodes.entries()) {
      const share = [Math.floor((i * SLOTS) / MASTERS), Math.floor(((i + 1) * SLOTS) / MASTERS) - 1];
      if (i < MASTERS) await ask(node, 'CLUSTER', 'ADDSLOTSRANGE', ...share.map(String));
      await ask(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }
    for (const [i, node] of others.entries()) {
      await ask(first, 'CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(busPorts[i + 1]));
    }
    for (const node of this.nodes) {
      await until(async () => String(await ask(node, 'CLUSTER', 'INFO')).includes('cluster_known_nodes:6'));
    }
    for (const [i, node] of this.nodes.slice(MASTERS).entries()) {
      const master = String(await ask(this.nodes[i] as ChildServer, 'CLUSTER', 'MYID'));
      await until(async () => (await ask(node, 'CLUSTER', 'REPLICATE', master).catch(() => '')) === 'OK');
    }
    for (const node of this.nodes) {
      await until(async () => String(await ask(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
      await until(async () => /role:master|master_link_status:up/.test(String(await ask(node, 'INFO', 'replication'))));
    }
  }
}

async function ask(node: ChildServer, command: string, ...args: readonly string[]): Promise<unknown> {
  const client = new Redis(node.url);
  try {
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

/** A key that this very node serves. */
async function keyOf(client: Redis): Promise<string> {
  for (let i = 0; ; i++) {
    const taken = await client.exists(`probe:${i}`).then(
      () => true,
      () => false,
    );
    if (taken) return `probe:${i}`;
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('The cluster did not come together within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
