import { expect, it } from 'vitest';
import { methodName, resourceName } from '../../src/cli/client/method-names.js';

const list = { type: 'array' };

it.each([
  ['GET', '/api/v1/products', list, 'listProducts'],
  ['GET', '/api/v1/jobs', { properties: { jobs: list, total: {} } }, 'listJobs'],
  ['GET', '/api/v1/products/{id}', {}, 'getProduct'],
  ['GET', '/api/v1/products/{id}/history', list, 'listProductHistory'],
  ['GET', '/api/v1/stats', {}, 'getStats'],
  ['GET', '/metrics', undefined, 'getMetrics'],
  ['GET', '/api', undefined, 'getApi'],
  ['POST', '/api/v1/products', {}, 'createProduct'],
  ['POST', '/api/v1/categories', {}, 'createCategory'],
  ['POST', '/api/v1/auth/login', {}, 'authLogin'],
  ['POST', '/api/v1/auth/change-password', {}, 'authChangePassword'],
  ['POST', '/api/v1/tasks/{task_id}/cancel', {}, 'cancelTask'],
  ['POST', '/api/v1/invites/accept', {}, 'acceptInvite'],
  ['POST', '/api/v1/workspaces/{workspaceId}/invites/{inviteId}/resend', {}, 'resendWorkspaceInvite'],
  ['POST', '/api/v1/export', {}, 'export'],
  ['PATCH', '/api/v1/workspaces/{id}/members/{userId}', {}, 'updateWorkspaceMember'],
  ['PUT', '/api/v1/settings/{name}', {}, 'putSetting'],
  ['DELETE', '/api/v1/addresses/{id}', undefined, 'deleteAddress'],
  ['DELETE', '/api/v1/auth/sessions', undefined, 'deleteAuthSessions'],
  ['GET', '/', undefined, 'getRoot'],
] as const)('%s %s is a method of a good name', (method, path, result, name) => {
  expect(methodName({ method, path, result: result as object, isStream: false })).toBe(name);
});

it('keeps the id that a route gives itself, and lets none that a service makes up stand', () => {
  const call = { method: 'GET', path: '/api/v1/products/{id}', isStream: false };
  expect(methodName({ ...call, operationId: 'find_product' })).toBe('findProduct');
  expect(methodName({ ...call, operationId: 'get_api_v1_products_id' })).toBe('getProduct');
  expect(methodName({ ...call, path: '/api/v1/tasks/{task_id}/events', isStream: true })).toBe('streamTaskEvents');
});

it('lists what takes new ones, whatever it answers', () => {
  const call = { method: 'GET', isStream: false, takesPost: true };
  expect(methodName({ ...call, path: '/api/v1/notes' })).toBe('listNotes');
  expect(methodName({ ...call, path: '/api/v1/feed' })).toBe('getFeed');
});

it('names what a path is about', () => {
  expect(resourceName('/api/v1/workspaces/{id}/members/{userId}')).toBe('WorkspaceMember');
  expect(resourceName('/api/v1/2fa')).toBe('_2fa');
});
