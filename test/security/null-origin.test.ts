import { expect, it } from 'vitest';
import { checkCorsOrigins } from '../../src/service/env/index.js';

it('row 57: production does not trust the origin null, which any page can take on', () => {
  expect(checkCorsOrigins({ corsOrigins: ['https://shop.example', 'null'] })[0]).toBe(false);
  expect(checkCorsOrigins({ corsOrigins: ['https://null.example'] })[0]).toBe(true);
});
