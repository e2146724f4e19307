import { type AuthRequirement, createApiKey } from 'app-kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPeople, type People, type Person } from '../setup/people.js';

/**
 * Every route of a running service, asked by everybody. What each is expected to get is worked out of the route's own
 * declaration, so a new route is tested as soon as it is declared.
 */
const CALLERS = [
  'anonymous',
  'disabled',
  'stranger',
  'foreign owner',
  'member',
  'admin',
  'owner',
  'site admin',
  'scoped key',
  'full key',
] as const;
type Caller = (typeof CALLERS)[number];
type Verdict = 401 | 403 | 'passes';

const RANKS: Partial<Record<Caller, number>> = { member: 0, admin: 1, owner: 2, 'full key': 2 };
const LEAST = { member: 0, admin: 1, owner: 2 };

function expected(auth: AuthRequirement | undefined, caller: Caller): Verdict {
  if (auth === undefined || auth === 'none' || auth === 'optional') return 'passes';
  if (caller === 'anonymous' || caller === 'disabled') return 401;
  const isKey = caller === 'scoped key' || caller === 'full key';
  if (isKey && !opensTo(auth, caller)) return 403;
  if (auth === 'user') return 'passes';
  if (auth === 'admin') return caller === 'site admin' ? 'passes' : 403;
  const { proof: _proof, scope: _scope, permission, workspace, ...unknown } = auth;
  if (Object.keys(unknown).length > 0) throw new Error(`Say here who meets ${JSON.stringify(unknown)}`);
  if (workspace !== undefined && (RANKS[caller] ?? -1) < LEAST[workspace]) return 403;
  if (permission !== undefined && caller !== 'site admin') return 403;
  return 'passes';
}

/** Both keys are of the workspace's owner, and good for every workspace; the scoped one has a scope that nothing asks for. */
function opensTo(auth: AuthRequirement, caller: Caller): boolean {
  if (auth === 'admin') return false;
  if (typeof auth === 'object' && auth.proof !== undefined) return auth.proof === 'any';
  return caller === 'full key';
}

let world: People;
const people = new Map<Caller, Person>();

beforeAll(async () => {
  const oauthGoogle = ['client', 'secret'] as const;
  world = await openPeople({
    oauthGoogle,
    testRunners: [async function* runNothing() {}],
    stripeSecretKey: 'sk_test_matrix',
  });
  for (const caller of CALLERS) {
    if (caller !== 'anonymous' && !caller.endsWith('key'))
      people.set(caller, await world.join(caller.replace(' ', '-')));
  }
  const { userStore } = world.service.kernel;
  await userStore.setRole?.(person('site admin').id, 'admin');
  await userStore.setActive?.(person('disabled').id, false);
});

afterAll(() => world.close());

function person(caller: Caller): Person {
  const found = people.get(caller);
  if (!found) throw new Error(`${caller} has no account`);
  return found;
}

/** A workspace of this route's own, because a route may delete it. */
async function newWorkspace(): Promise<string> {
  const { workspaces, members } = world.service.kernel.saas;
  const { id } = await workspaces.create({ name: 'Matrix', ownerId: person('owner').id });
  await members.add(id, person('admin').id, 'admin');
  await members.add(id, person('member').id, 'member');
  await workspaces.create({ name: 'Elsewhere', ownerId: person('foreign owner').id });
  return id;
}

/** A session of this request's own, because a route may end it. */
async function tokenOf(caller: Caller): Promise<string | undefined> {
  if (caller === 'anonymous') return undefined;
  if (caller === 'scoped key' || caller === 'full key') {
    const scopes = caller === 'full key' ? ['*'] : ['nothing:here'];
    return (await createApiKey(person('owner').id, null, { name: caller, scopes })).key;
  }
  const { id, email } = person(caller);
  return (await world.service.kernel.issueTokens({ id, email, role: 'user' })).accessToken;
}

function verdictOf(status: number): Verdict | number {
  if (status === 401 || status === 403) return status;
  return status < 500 ? 'passes' : status;
}

describe('every route, asked by everybody, answers as it is declared', () => {
  it('without an exception', async () => {
    const { routes } = world.service.kernel;
    const typed = routes.filter(({ declaration }) => declaration);
    expect(typed.length).toBeGreaterThan(25);
    const wrong: string[] = [];
    for (const { name, template, declaration } of typed) {
      const workspaceId = await newWorkspace();
      const path = template.replace(':workspaceId', workspaceId).replace(/:\w+/g, 'nothing');
      const method = declaration?.method ?? 'GET';
      for (const caller of CALLERS) {
        const token = await tokenOf(caller);
        const response = await world.inject(path, {
          method,
          headers: {
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(method !== 'GET' && { 'content-type': 'application/json' }),
            'x-workspace-id': workspaceId,
          },
          ...(method !== 'GET' && { body: '{}' }),
        });
        const verdict = verdictOf(response.status);
        const due = expected(declaration?.options.auth, caller);
        if (verdict !== due)
          wrong.push(`${name} by ${caller}: ${response.status}, not ${due}: ${await response.text()}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
