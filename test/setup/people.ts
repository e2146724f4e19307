import type { Service } from 'app-kernel';
import { createTestService, type TestService, type TestServiceOptions } from 'app-kernel/testing';

const PASSWORD = 'seven quiet herons';

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape
  body: any;
}

/** Somebody with an account, who sends requests as themselves. */
export interface Person {
  id: string;
  email: string;
  password: string;
  token: string;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface People extends TestService {
  /** A request below `/api/v1`, by nobody, or with a bearer credential. */
  send(method: string, path: string, body?: unknown, token?: string, headers?: Record<string, string>): Promise<Reply>;
  /** Registers somebody and signs them in; their address is verified unless told otherwise. */
  join(name: string, options?: { isVerified?: boolean }): Promise<Person>;
}

/** A service for tests about who may do what, without limits that would get in the way. */
export async function openPeople(options: TestServiceOptions = {}): Promise<People> {
  const unlimited = 1_000_000;
  const test = await createTestService({
    entities: [],
    rateLimitAnonymousRpm: unlimited,
    rateLimitAuthenticatedRpm: unlimited,
    rateLimitAdminRpm: unlimited,
    ...options,
  });
  const send: People['send'] = (method, path, body, token, headers) =>
    sendTo(test.service, method, `/api/v1${path}`, body, {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    });
  const join: People['join'] = async (name, { isVerified = true } = {}) => {
    const email = `${name}@example.com`;
    const registered = await send('POST', '/auth/register', { username: email, email, password: PASSWORD });
    if (registered.status !== 201) throw new Error(`register answered ${JSON.stringify(registered.body)}`);
    const { id } = registered.body as { id: string };
    if (isVerified) await test.service.kernel.userStore.markEmailVerified?.(id, email);
    const signedIn = await send('POST', '/auth/login', { username: email, password: PASSWORD });
    const token = String(signedIn.body.access_token);
    return {
      id,
      email,
      password: PASSWORD,
      token,
      send: (method, path, body, headers) => send(method, path, body, token, headers),
    };
  };
  return { ...test, send, join };
}

async function sendTo(
  service: Service,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Reply> {
  const response = await service.inject(path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
