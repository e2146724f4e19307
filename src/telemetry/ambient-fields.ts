import { currentContext } from '../base/context.js';
import { printableFields } from './printable.js';

/** What every line inside a request or job carries: ids, who acts, and the fields of `logContext`. */
export function ambientFields(oneLine = false): Record<string, unknown> {
  const { requestId, actor, trace, logFields } = currentContext();
  return {
    ...(logFields && printableFields(logFields, oneLine)),
    ...(requestId !== undefined && { request_id: requestId }),
    ...(actor !== undefined && { [actor.type === 'api_key' ? 'api_key_id' : 'user_id']: actor.id }),
    ...(trace !== undefined && { trace_id: trace.traceId }),
  };
}
