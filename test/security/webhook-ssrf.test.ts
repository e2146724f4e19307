import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWebhook, httpClient, triggerWebhookEvent } from 'app-kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askBoth } from '../../src/http/client/host-resolver.js';
import { openPeople, type People, type Person } from '../setup/people.js';

/** Servers of this machine: whatever reaches one of them has got in. */
let canaries: Server[];
let hits: string[];
let port: number;

async function canary(host: string, at: number): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    hits.push(`${request.headers.host}${request.url}`);
    response.end('inner secret');
  });
  server.on('connection', () => hits.push(`a connection to ${host}`));
  server.listen(at, host);
  await once(server, 'listening');
  return server;
}

beforeEach(async () => {
  hits = [];
  const first = await canary('127.0.0.1', 0);
  port = (first.address() as AddressInfo).port;
  canaries = [first, await canary('127.1.2.3', port)];
});

afterEach(() => {
  for (const server of canaries) {
    server.closeAllConnections();
    server.close();
  }
});

/** Every way to write an IPv4 address that a URL parser, a C library or a sloppy filter may understand. */
function spellings(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (value: number) => `0x${value.toString(16)}`;
  const octal = (value: number) => `0${value.toString(8)}`;
  const pair = (high: number, low: number) => ((high << 8) | low).toString(16);
  const v6 = `${pair(a, b)}:${pair(c, d)}`;
  return [
    address,
    `${address}.`,
    String(number),
    hex(number),
    hex(number).toUpperCase().replace('0X', '0x'),
    octal(number),
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${hex(a)}.${b}.${octal(c)}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${hex(a)}.${hex((b * 256 + c) * 256 + d)}`,
    [...address].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
    address.replaceAll('.', '。'),
    address.replaceAll('.', '%E3%80%82'),
    [...address].map((letter) => (letter === '.' ? '.' : String.fromCharCode(letter.charCodeAt(0) + 0xfee0))).join(''),
    `[::ffff:${address}]`,
    `[::ffff:${v6}]`,
    `[0:0:0:0:0:ffff:${v6}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${v6}]`,
    `[64:ff9b:1::${v6}]`,
    `[2002:${v6}::1]`,
    `[::ffff:0:${v6}]`,
  ];
}

const INNER = [
  '127.0.0.1',
  '127.1.2.3',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
];
const SPECIAL = [
  ...['192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1'],
  ...['255.255.255.255', '100.127.255.255', '172.31.255.255', '0.1.2.3', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]'],
  ...['[fe80::1]', '[fc00::1]', '[fd12:3456::1]', '[fec0::1]', '[ff02::1]', '[100::1]', '[2001:db8::1]', '[2001::1]'],
  ...[
    '[2001:0:7f00:1::]',
    '[2001:10::1]',
    '[3fff::1]',
    '[5f00::1]',
    '[4000::1]',
    '[fd00:ec2::254]',
    '[::ffff:a9fe:a9fe]',
  ],
  ...[
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'a.b.localhost.',
    '127.1',
    '127.0.1',
    '0',
    '0x0',
    '0177.1',
  ],
];
const STRANGE = (at: number) => [
  `http://user:password@127.0.0.1:${at}/`,
  `http://example.com@127.0.0.1:${at}/`,
  `http://127.0.0.1:${at}#@example.com/`,
  `http://127.0.0.1:${at}\\@example.com/`,
  `http:127.0.0.1:${at}`,
  `http:\\\\127.0.0.1:${at}`,
  `http:///127.0.0.1:${at}/`,
  `\thttp://127.0.0.1:${at}/`,
  `ht\ntp://127.0.0.1:${at}/`,
  `http://[fe80::1%25eth0]:${at}/`,
  `http://[::1%lo]:${at}/`,
  ...['file:///etc/passwd', 'gopher://127.0.0.1:6379/_INFO', 'ftp://127.0.0.1/', 'data:text/plain,hi', 'javascript:1'],
  ...['unix:///var/run/docker.sock', 'dict://127.0.0.1:11211/', 'ws://127.0.0.1/', '//127.0.0.1/', '/etc/passwd'],
];

const payloads = (): string[] => [
  ...[...INNER.flatMap(spellings), ...SPECIAL].flatMap((host) => [`http://${host}:${port}/`, `https://${host}/`]),
  ...STRANGE(port),
];

describe('whatever URL an endpoint has', () => {
  let world: People;
  let ada: Person;

  beforeEach(async () => {
    world = await openPeople({ captureWebhooks: false });
    ada = await world.join('ada');
  });
  afterEach(() => world.close());

  it('nothing is sent to an inner address', async () => {
    const list = payloads();
    expect(new Set(list).size).toBeGreaterThan(400);
    const { id: workspaceId } = await world.service.kernel.saas.workspaces.ensurePersonal(ada);
    const accepted: string[] = [];
    for (const url of list) {
      const created = await ada.send('POST', '/webhooks', { url });
      if (created.status !== 201) {
        expect([url, created.status]).toEqual([url, 422]);
        continue;
      }
      accepted.push(url);
      const test = await ada.send('POST', `/webhooks/${created.body.id}/test`);
      expect([url, test.body.success, test.body.status_code]).toEqual([url, false, null]);
      await ada.send('DELETE', `/webhooks/${created.body.id}`);
    }
    // A name shows where it leads to only when it is resolved.
    expect(accepted.every((url) => /localhost/i.test(url))).toBe(true);
    expect(accepted).not.toHaveLength(0);

    // And one that got into the table in another way.
    const { id } = await createWebhook(workspaceId, { url: 'https://example.com/' });
    for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `http://[::ffff:7f00:1]:${port}/`]) {
      const { database } = world.service.kernel;
      await database.execute('UPDATE kernel_webhooks SET url = ? WHERE id = ?', [url, id]);
      const test = await ada.send('POST', `/webhooks/${id}/test`);
      expect([test.body.success, test.body.status_code]).toEqual([false, null]);
      expect(test.body.error).toMatch(/is not at a public address/);
    }
    expect(hits).toEqual([]);
  }, 60_000);
});

describe('a server on the public internet', () => {
  it('cannot lead inside by a redirect', async () => {
    const world = await openPeople({ webhooks: { allowedNetworks: ['127.0.0.2'] } });
    const redirecting = createServer((request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, { location: `http://127.0.0.1:${port}/`, refresh: `0;url=http://127.0.0.1:${port}/` });
      response.end();
    });
    redirecting.listen(0, '127.0.0.2');
    await once(redirecting, 'listening');
    const { port: outside } = redirecting.address() as AddressInfo;
    try {
      const ada = await world.join('ada');
      for (const status of [300, 301, 302, 303, 305, 307, 308]) {
        const { body } = await ada.send('POST', '/webhooks', { url: `http://127.0.0.2:${outside}/${status}` });
        const test = await ada.send('POST', `/webhooks/${body.id}/test`);
        expect(test.body).toMatchObject({ success: false, status_code: status });
        expect(test.body.error).toContain('redirects are not followed');
      }
      expect(hits).toEqual([]);
    } finally {
      redirecting.close();
      await world.close();
    }
  });
});

/** A name server whose A records are what `answers` says, each answer once, the last one for ever. */
class StubDns {
  asked = 0;
  readonly #answers: string[][];
  readonly #socket: Socket = createSocket('udp4');

  constructor(...answers: string[][]) {
    this.#answers = answers;
    this.#socket.on('message', (query, { port: at, address }) => this.#socket.send(this.#reply(query), at, address));
  }

  async resolver(): Promise<(hostname: string) => Promise<readonly string[]>> {
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    const dns = new Resolver({ timeout: 1_000, tries: 1 });
    dns.setServers([`127.0.0.1:${this.#socket.address().port}`]);
    return (hostname) => askBoth(dns, hostname);
  }

  close(): void {
    this.#socket.close();
  }

  #reply(query: Buffer): Buffer {
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const isA = question.readUInt16BE(question.length - 4) === 1;
    const addresses = isA ? (this.#answers[Math.min(this.asked++, this.#answers.length - 1)] ?? []) : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((address) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
    );
    return Buffer.concat([header, question, ...records]);
  }
}

describe('a name server of theirs', () => {
  let outside: Server;
  let outsideHits: number;
  let dns: StubDns;

  beforeEach(async () => {
    outsideHits = 0;
    outside = createServer((_request, response) => {
      outsideHits += 1;
      response.setHeader('connection', 'close').end('outside');
    });
    outside.listen(0, '127.0.0.2');
    await once(outside, 'listening');
  });
  afterEach(() => {
    outside.close();
    dns.close();
  });

  const client = async (...answers: string[][]) => {
    dns = new StubDns(...answers);
    const { port: at } = outside.address() as AddressInfo;
    const reach = { publicAddressesOnly: true, allowedNetworks: ['127.0.0.2'], resolveHost: await dns.resolver() };
    return { at, reach, ask: (host: string, to = at) => httpClient(`http://${host}:${to}`, reach).get('/') };
  };

  it('is asked once for each connection, and the connection goes to the address that was looked at', async () => {
    const { ask } = await client(['127.0.0.2'], ['127.0.0.1']);
    expect((await ask('rebind.example')).text()).toBe('outside');
    expect(dns.asked).toBe(1);
    await expect(ask('rebind.example')).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
    expect(dns.asked).toBe(2);
    await expect(ask('rebind.example', port)).rejects.toMatchObject({ code: 'E_ADDRESS_REFUSED' });
    expect(hits).toEqual([]);
  });

  it('cannot hide an inner address among others, or behind many', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `10.0.0.${index + 1}`);
    const { ask } = await client([...many, '127.0.0.1', '127.0.0.2', '169.254.169.254', '0.0.0.0']);
    expect((await ask('many.example')).text()).toBe('outside');
    await expect(ask('many.example', port)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    expect([hits, outsideHits]).toEqual([[], 1]);
  });

  it('that answers nothing, or names inner addresses alone, leads nowhere', async () => {
    const { ask } = await client(['127.0.0.1', '10.1.2.3'], []);
    const refused = await ask('inner.example', port).catch((error: Error) => error.message);
    expect(refused).toMatch(/inner\.example is not at a public address/);
    expect(refused).not.toMatch(/127|10\.1/);
    await expect(ask('empty.example', port)).rejects.toMatchObject({ code: 'E_CONNECTION' });
    expect(hits).toEqual([]);
  });
});

it('a header cannot be smuggled in by the name of an event', async () => {
  const { service, close } = await openPeople({ captureWebhooks: false });
  try {
    const { id } = await service.kernel.saas.workspaces.create({ name: 'House', ownerId: 'ada' });
    await createWebhook(id, { url: 'https://example.com/' });
    for (const event of ['a\r\nx-evil: 1', 'a\nb', 'a b', 'ä', '', 'a..b', '.a', 'a\0', 'x'.repeat(101), null as never])
      await expect(triggerWebhookEvent(id, { event })).rejects.toMatchObject({ code: 'E_VALIDATION' });
  } finally {
    await close();
  }
});
