/** What every contestant answers, and with what: the same work, the same bytes as far as frameworks allow. */
export const SECRET = 'a secret of the benchmark that is long enough for HS256';
export const ORIGIN = 'https://shop.example.com';
/** More than any run asks for: limits are counted, nobody is turned away. */
export const LIMIT = 1_000_000_000;
export const WINDOW_MS = 60_000;
export const HELLO = { message: 'hello' };
export const ORDER = { sku: 'widget-7', quantity: 3, note: 'leave it at the door' };
const CALLERS = 20;

export function userIds() {
  return Array.from({ length: CALLERS }, (_, index) => `0198f000-0000-7000-8000-${String(index).padStart(12, '0')}`);
}

/** What a handler makes of an order; its checks are the framework's own way to validate. */
export function confirm({ sku, quantity, note }, userId) {
  return { id: 'order-1', sku, quantity, note, total: quantity * 999, user_id: userId, status: 'confirmed' };
}

/** Seconds. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
