import { ValidationError } from '../../base/errors.js';
import { isSecretName, REDACTED, redactText } from '../../telemetry/redaction.js';
import type { ReplayStep } from './entities.js';

/** Steps that are kept; of more, the last. */
const MAX_STEPS = 50;
const MAX_TEXT = 500;
const MAX_MEMBERS = 30;
const MAX_DEPTH = 4;

const FRAGMENT = /#[^\s"'#=]*=[^\s"'#]*/g;
const JSON_MEMBER = /"([\w.-]{1,64})"\s*:\s*"[^"]*"?/g;

/**
 * The steps of a replay as they are kept: no secrets, whoever has sent them, and nothing without end.
 * @param log an array, or its JSON @throws ValidationError for anything else
 */
export function maskSteps(log: unknown): ReplayStep[] {
  const steps = typeof log === 'string' ? parsed(log) : (log ?? []);
  if (!Array.isArray(steps) || !steps.every(isRecord)) throw noSteps();
  return steps.slice(-MAX_STEPS).map((step) => maskStep(step));
}

/** `text` without secrets, control characters and whatever is beyond `length`. */
export function maskText(text: string, length = MAX_TEXT): string {
  const plain = text
    .slice(0, length)
    .replaceAll('\0', '')
    .replace(FRAGMENT, `#${REDACTED}`)
    .replace(JSON_MEMBER, (member, name: string) => (isSecretName(name) ? `"${name}":"${REDACTED}"` : member));
  return redactText(plain).slice(0, length);
}

/** An address without its fragment and without the values of its query, which may be anybody's. */
export function maskUrl(url: string, length: number): string {
  const [path = ''] = url.split(/[?#]/, 1);
  return maskText(path, length);
}

function parsed(log: string): unknown {
  if (log === '') return [];
  try {
    return JSON.parse(log);
  } catch {
    throw noSteps();
  }
}

function maskStep(step: Record<string, unknown>): ReplayStep {
  const masked = maskValue(step, MAX_DEPTH) as Record<string, unknown>;
  const { detail } = masked;
  // A page with a recorder of its own may send what is typed into a field whose name says that it is secret.
  if (
    isRecord(detail) &&
    'value' in detail &&
    String(detail.target)
      .split(/[^\w-]+/)
      .some(isSecretName)
  ) {
    return { ...masked, detail: { ...detail, value: REDACTED } };
  }
  return masked;
}

function maskValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.slice(0, MAX_MEMBERS).map((item) => maskValue(item, depth - 1));
  const members = Object.entries(value).slice(0, MAX_MEMBERS);
  return Object.fromEntries(members.map(([name, member]) => maskMember(name, member, depth)));
}

function maskMember(name: string, value: unknown, depth: number): [string, unknown] {
  return [maskText(name, 100), isSecretName(name) ? REDACTED : maskValue(value, depth - 1)];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noSteps(): ValidationError {
  return new ValidationError([
    { loc: ['body', 'replay_log'], msg: 'Send an array of steps, or its JSON', type: 'replay_log' },
  ]);
}
