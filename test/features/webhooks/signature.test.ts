import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { waitAfter } from '../../../src/features/webhooks/delivery/retry-schedule.js';
import { faultOfPattern, hears } from '../../../src/features/webhooks/event-names.js';
import { verifyWebhookSignature } from '../../../src/features/webhooks/index.js';
import { faultOfSecret, newSecret, signaturesOf } from '../../../src/features/webhooks/signature.js';

const body = JSON.stringify({ event: 'a.b', data: { text: 'grüße' }, timestamp: '2026-01-01T00:00:00.000Z' });
const now = () => Math.floor(Date.now() / 1_000);

function headersOf(secrets: readonly string[], timestamp = now(), id = 'msg_1'): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signaturesOf({ id, timestamp, body }, secrets),
  };
}

describe('a signature of ours', () => {
  const secret = newSecret();

  it('is accepted by the library of the standard, as theirs is by us', () => {
    expect(new Webhook(secret).verify(body, headersOf([secret]))).toEqual(JSON.parse(body));
    expect(
      new Webhook('optional-hmac-secret', { format: 'raw' }).verify(body, headersOf(['optional-hmac-secret'])),
    ).toEqual(JSON.parse(body));
    const at = new Date();
    const theirs = {
      'webhook-id': 'msg_2',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_2', at, body),
    };
    expect(verifyWebhookSignature(body, theirs, secret)).toBe(true);
    expect(verifyWebhookSignature(Buffer.from(body), new Headers(theirs), secret)).toBe(true);
  });

  it('fits one of several secrets', () => {
    const other = newSecret();
    for (const one of [secret, other]) new Webhook(one).verify(body, headersOf([secret, other]));
    expect(verifyWebhookSignature(body, headersOf([other]), [secret, other])).toBe(true);
    expect(verifyWebhookSignature(body, headersOf([newSecret()]), [secret, other])).toBe(false);
  });

  it.each([
    ['another body', () => [`${body} `, headersOf([secret])] as const],
    ['another id', () => [body, { ...headersOf([secret]), 'webhook-id': 'msg_2' }] as const],
    ['another time', () => [body, { ...headersOf([secret]), 'webhook-timestamp': String(now() + 1) }] as const],
    ['another secret', () => [body, headersOf([newSecret()])] as const],
    ['a message of 301 s ago', () => [body, headersOf([secret], now() - 302)] as const],
    ['a message of the future', () => [body, headersOf([secret], now() + 302)] as const],
    ['no signature', () => [body, { ...headersOf([secret]), 'webhook-signature': '' }] as const],
  ])('is refused for %s', (_what, make) => {
    const [payload, headers] = make();
    expect(verifyWebhookSignature(payload, headers, secret)).toBe(false);
    expect(() => new Webhook(secret).verify(payload, headers)).toThrow();
  });

  it('counts for as long as the receiver says', () => {
    const old = headersOf([secret], now() - 900);
    expect(verifyWebhookSignature(body, old, secret)).toBe(false);
    expect(verifyWebhookSignature(body, old, secret, { toleranceSeconds: 1_000 })).toBe(true);
    for (const timestamp of ['', 'NaN', '1e9', '-1', `${now()}.5`, 'Infinity'])
      expect(verifyWebhookSignature(body, { ...old, 'webhook-timestamp': timestamp }, secret)).toBe(false);
  });

  it('is never made with nothing: anybody could', () => {
    for (const empty of ['', 'whsec_']) {
      expect(verifyWebhookSignature(body, headersOf([empty]), empty)).toBe(false);
      expect(verifyWebhookSignature(body, headersOf([empty]), [])).toBe(false);
    }
  });
});

describe('a secret', () => {
  it('has 256 random bits where nobody chooses one', () => {
    const secret = newSecret();
    expect(secret).not.toBe(newSecret());
    expect(Buffer.from(secret.replace('whsec_', ''), 'base64')).toHaveLength(32);
    expect(faultOfSecret(secret)).toBeUndefined();
  });

  it.each([
    [`whsec_${Buffer.alloc(24, 1).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(64, 1).toString('base64')}`, true],
    [`whsec_${Buffer.alloc(23, 1).toString('base64')}`, false],
    [`whsec_${Buffer.alloc(65, 1).toString('base64')}`, false],
    ['whsec_not base64 at all, and long enough', false],
    ['optional-hmac-secret', true],
    ['too short', false],
    [`line\n${'x'.repeat(20)}`, false],
  ])('%s is fine: %s', (secret, isFine) => expect(faultOfSecret(secret) === undefined).toBe(isFine));
});

it.each([
  ['*', 'a.b.c', true],
  ['deployment.*', 'deployment.succeeded', true],
  ['deployment.*', 'deployment.step.failed', true],
  ['deployment.*', 'deployments.failed', false],
  ['*.failed', 'deployment.failed', true],
  ['*.failed', 'failed', false],
  ['a.b', 'a.b', true],
  ['a.b', 'aXb', false],
])('%s hears of %s: %s', (pattern, event, does) => expect(hears(['x', pattern], event)).toBe(does));

it('patterns are names and stars, and take no time to match', () => {
  for (const pattern of ['', 'a b', 'a?', '[ab]', '(a+)+$', 'x'.repeat(101)])
    expect(faultOfPattern(pattern)).toBeDefined();
  expect(hears(['*a'.repeat(50)], 'a'.repeat(99))).toBe(true);
  expect(hears([`${'*a'.repeat(49)}*b`], 'a'.repeat(99))).toBe(false);
});

it('waits grow to a day, differ by a fifth, and heed the receiver up to a day', () => {
  const waits = Array.from({ length: 9 }, (_, index) => waitAfter(index + 1, 0, () => 0.5) ?? 0);
  expect(waits.map((ms) => ms / 1_000)).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  expect([waitAfter(1, 0, () => 0), waitAfter(1, 0, () => 1)]).toEqual([4_000, 6_000]);
  expect([waitAfter(1, 600, () => 0.5), waitAfter(1, 1e9, () => 0.5)]).toEqual([600_000, 86_400_000]);
  expect(waitAfter(10)).toBeUndefined();
});
