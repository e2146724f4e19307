export type { OuterTask, StreamOutcome } from './follow-stream.js';
export { createSelfTestRouter, type TestRunner } from './routes.js';
export { runnerSlug } from './runner-slug.js';
export { TestApiClient, type TestApiClientOptions, type TestRequestOptions } from './test-api-client.js';
export { TestReport, type TestReportDict, type TestResult } from './test-report.js';
