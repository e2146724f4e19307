/// <reference types="node" preserve="true" />

export { FakeClock } from '../base/clock.js';
export {
  type OuterTask,
  type StreamOutcome,
  TestApiClient,
  type TestApiClientOptions,
  TestReport,
  type TestReportDict,
  type TestRequestOptions,
  type TestResult,
} from '../features/self-test/index.js';
export type { CapturedWebhook } from './captured-webhooks.js';
export { createTestService, type TestService, type TestServiceOptions } from './create-test-service.js';
export {
  type StandInDelivery,
  type StandInEvent,
  StripeStandIn,
  type StripeStandInOptions,
} from './stripe-stand-in/stripe-stand-in.js';
export { type TestCallOptions, TestClient, type TestReply } from './test-client.js';
export { TestClock, type Time } from './test-clock.js';
export { type NewTestUser, TestUser } from './test-people.js';
