import type { Service } from 'app-kernel';
import { expect } from 'vitest';

/** What a request goes to: `service.inject` itself, or `fetch` on a base URL. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  request_id: string;
  code: string;
  errors?: Array<{ loc: Array<string | number>; msg: string; type: string }>;
  debug?: unknown;
}

export interface SignedIn {
  id: string;
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
  headers: { authorization: string };
}

const PASSWORD = 'difference-engine-42';

export function sendTo(service: Service): Send {
  return (path, init) => service.inject(path, init);
}

export function sendOver(baseUrl: string): Send {
  return (path, init) => fetch(`${baseUrl}${path}`, init);
}

/** A JSON request. */
export function json(body: unknown, init: RequestInit = {}): RequestInit {
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) };
  return { method: 'POST', ...init, headers, body: JSON.stringify(body) };
}

/** The problem body of `response`, whose form is checked on the way. */
export async function problemOf(response: Response, status: number): Promise<Problem> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({ status });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(text) as Problem;
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code: expect.stringMatching(/^E_[A-Z_]+$/),
  });
  expect(problem.request_id).toBe(response.headers.get('x-request-id'));
  return problem;
}

export async function register(
  send: Send,
  email: string,
  { password = PASSWORD, authPath = '/api/v1/auth' } = {},
): Promise<{ id: string }> {
  const response = await send(`${authPath}/register`, json({ username: email, email, password }));
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as { id: string };
}

export async function login(
  send: Send,
  email: string,
  { password = PASSWORD, authPath = '/api/v1/auth' } = {},
): Promise<SignedIn> {
  const response = await send(`${authPath}/login`, json({ username: email, password }));
  expect(response.status, await response.clone().text()).toBe(200);
  const tokens = (await response.json()) as { access_token: string; refresh_token: string; expires_in: number };
  const [, claims = ''] = tokens.access_token.split('.');
  const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
  return {
    id: sub,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    expiresIn: tokens.expires_in,
    headers: { authorization: `Bearer ${tokens.access_token}` },
  };
}

/** Registers and logs in. */
export async function signUp(
  send: Send,
  email = 'ada@example.com',
  options: { password?: string; authPath?: string } = {},
): Promise<SignedIn> {
  await register(send, email, options);
  return login(send, email, options);
}

/** The claims of a JWT, unverified. */
export function claimsOf(token: string): Record<string, unknown> & { exp: number; iat: number } {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}

/** Waits until `check` answers something; fails with the last state after `timeoutMs`. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  what: string,
  timeoutMs = 5000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
