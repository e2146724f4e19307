import { ValidationError } from 'app-kernel';
import { describe, expect, it } from 'vitest';
import { maskSteps, maskText, maskUrl } from '../../../src/features/action-replay/mask-steps.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

describe('the steps of a replay', () => {
  it('lose every secret, by its name and by its look', () => {
    const steps = maskSteps([
      { type: 'api_call', detail: { path: '/x?access_token=canary1&page=2', headers: { Authorization: 'canary2' } } },
      { type: 'api_error', detail: { error: `Bearer canary-3 and ${JWT}`, body: '{"password": "canary4", "a": "b"}' } },
      { type: 'navigate', detail: { path: '/done#id_token=canary5&state=1' } },
      { type: 'input', detail: { target: 'input new-password', value: 'canary6' } },
      { type: 'note', detail: { nested: [{ client_secret: 'canary7' }] }, apiKey: 'canary8' },
      { type: 'api_call', detail: { url: 'postgresql://ada:canary9@db/app' } },
    ]);
    const text = JSON.stringify(steps);
    expect(text).not.toMatch(/canary|eyJ/);
    expect(text).toContain('page=2');
    expect(text).toContain('\\"a\\": \\"b\\"');
    expect(text).toContain('/done#');
  });

  it('keep what is no secret', () => {
    const step = {
      seq: 3,
      type: 'click',
      detail: { target: 'button#save "Save"', ok: true },
      ts: 'now',
      elapsed_ms: 5,
    };
    expect(maskSteps([step])).toEqual([step]);
    expect(maskSteps(JSON.stringify([step]))).toEqual([step]);
    expect([maskSteps(null), maskSteps(undefined), maskSteps('')]).toEqual([[], [], []]);
    expect(maskSteps([{ type: 'input', detail: { target: 'input city', value: 'Paris' } }])).toEqual([
      { type: 'input', detail: { target: 'input city', value: 'Paris' } },
    ]);
  });

  it('have an end, however deep and wide they came', () => {
    let deep: Record<string, unknown> = { end: 'here' };
    for (let level = 0; level < 1_000; level++) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`m${index}`, index]));
    const [first, second] = maskSteps([deep, wide]);
    expect(JSON.stringify(first).length).toBeLessThan(100);
    expect(Object.keys(second ?? {})).toHaveLength(30);
    expect(maskSteps([JSON.parse('{"__proto__":{"polluted":1}}')])).toHaveLength(1);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('are an array of objects and nothing else', () => {
    for (const log of ['{', '"text"', '{"a":1}', '[1]', '[null]', 42, { a: 1 }]) {
      expect(() => maskSteps(log), String(log)).toThrow(ValidationError);
    }
  });

  it('hold texts that no database refuses, without what an address carries behind its path', () => {
    expect(maskText('a\0b')).toBe('ab');
    expect(maskUrl('https://x.example/a?b=c#d', 500)).toBe('https://x.example/a');
  });
});
