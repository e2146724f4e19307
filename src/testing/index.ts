export { FakeClock } from '../base/clock.js';
export { createTestService, type TestService } from './create-test-service.js';
